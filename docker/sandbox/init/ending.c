#include "session.h"

#include "clock.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { DRAIN_MS = 5000 };

void session_end(struct session *session, int code, int64_t flush_until_ms) {
  if (session->ending) return;
  session->ending = true;
  session->exit_code = code;
  session->flush_until_ms = flush_until_ms;
  session->drain_until_ms = monotonic_ms() + DRAIN_MS;
  /* main refuses to be anything but PID 1, so this reaches the sandbox's processes and no others. */
  kill(-1, SIGKILL);
}

static void report_end(struct session *session) {
  char code_text[8];
  session->ended_reported = true;
  if (session->agent.pid == 0) return;
  snprintf(code_text, sizeof code_text, "%d", session->exit_code);
  report(&session->reports, 'Z', code_text, child_signal_name(&session->agent), NULL);
}

void session_leave_when_done(struct session *session) {
  if (!session->ending) return;
  bool collected = session->step.pid == 0 && (session->agent.pid == 0 || child_collected(&session->agent));
  if (collected && !session->ended_reported && reports_have_room(&session->reports)) {
    report_end(session);
    reports_flush(&session->reports);
  }
  bool all_out = session->ended_reported && collected && !reports_pending(&session->reports);
  bool gave_up = session->flush_until_ms != 0 && monotonic_ms() >= session->flush_until_ms;
  if (all_out || gave_up) _exit(session->exit_code);
}
