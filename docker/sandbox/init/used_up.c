#include "used_up.h"

enum { FIRST_PAUSE_MS = 1000, LONGEST_PAUSE_MS = 60 * 60 * 1000 };

void used_up_count(struct used_up *used_up, uint64_t count, int64_t now_ms) {
  if (count <= used_up->count) return;
  used_up->count = count;
  used_up->last_ms = now_ms;
}

bool used_up_to_tell(struct used_up *used_up, int64_t now_ms, bool last) {
  if (used_up->count == used_up->told || (now_ms < used_up->tell_at_ms && !last)) return false;
  used_up->told = used_up->count;
  used_up->pause_ms = used_up->pause_ms == 0 ? FIRST_PAUSE_MS : 2 * used_up->pause_ms;
  if (used_up->pause_ms > LONGEST_PAUSE_MS) used_up->pause_ms = LONGEST_PAUSE_MS;
  used_up->tell_at_ms = now_ms + used_up->pause_ms;
  return true;
}
