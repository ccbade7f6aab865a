#pragma once

#include <stdbool.h>
#include <stdint.h>

/* How often something ran out, and when to say so: at once, and then ever more rarely, since it may happen all the time. */
struct used_up {
  uint64_t count;
  uint64_t told; /* the count that was reported last */
  int64_t last_ms; /* when the count was last seen to grow; 0: never */
  int64_t tell_at_ms; /* not before this */
  int64_t pause_ms;
};

void used_up_count(struct used_up *used_up, uint64_t count, int64_t now_ms);

/* There is something new to say; `last` for the last chance to. Counts as said then. */
bool used_up_to_tell(struct used_up *used_up, int64_t now_ms, bool last);
