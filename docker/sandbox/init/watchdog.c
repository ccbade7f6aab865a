#include "session.h"

#include "clock.h"

/* A year and a day: longer than any session, and far from where a sum of times would overflow. */
enum { MAX_SECONDS = 366 * 24 * 60 * 60 };

static int64_t bounded_ms(int64_t seconds) {
  if (seconds < 0) seconds = 0;
  if (seconds > MAX_SECONDS) seconds = MAX_SECONDS;
  return seconds * 1000;
}

void watchdog_set(struct session *session, int64_t seconds, int64_t grace_seconds) {
  session->watchdog_at_ms = monotonic_ms() + bounded_ms(seconds);
  session->watchdog_grace_ms = bounded_ms(grace_seconds);
  session->watchdog_warned = false;
}

int64_t watchdog_look(struct session *session) {
  if (session->watchdog_at_ms == 0 || session->ending) return -1;
  int64_t now = monotonic_ms();
  if (now >= session->watchdog_at_ms && !session->watchdog_warned) {
    session->watchdog_warned = true;
    session->watchdog_at_ms = now + session->watchdog_grace_ms;
    session_ask_to_end(session);
  } else if (now >= session->watchdog_at_ms) {
    session_kill(session);
    return 0;
  }
  return session->ending ? 0 : session->watchdog_at_ms - now;
}
