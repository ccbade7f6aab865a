#include "session.h"

#include "clock.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { KILLED_EXIT_CODE = 137, DRAIN_MS = 5000, UNWRITABLE_MS = 5000 };

void session_end(struct session *session, int code, const char *signal) {
  if (session->ending) return;
  session->ending = true;
  /* Before what fills a disk is killed, and the files with it that have no name any more. */
  pressure_look(&session->pressure);
  session->exit_code = code;
  session->end_signal = signal;
  session->ending_since_ms = monotonic_ms();
  session->drain_until_ms = session->ending_since_ms + DRAIN_MS;
  environment_wipe(&session->for_steps);
  environment_wipe(&session->for_agent);
  /* main refuses to be anything but PID 1, so this reaches the sandbox's processes and no others. */
  kill(-1, SIGKILL);
}

void session_kill(struct session *session) { session_end(session, KILLED_EXIT_CODE, "SIGKILL"); }

/* A shell passes on that the command it waited for was killed, with the same code. */
static const char *cause_of_kill(const struct session *session) {
  if (!session->ended_by_itself || session->exit_code != KILLED_EXIT_CODE) return NULL;
  return pressure_cause_of_kill(&session->pressure, session->ending_since_ms);
}

static void report_end(struct session *session) {
  char code_text[8];
  pressure_tell(&session->pressure, &session->reports, true);
  if (reports_pending(&session->reports)) return;
  session->ended_reported = true;
  if (session->agent.pid == 0) return;
  snprintf(code_text, sizeof code_text, "%d", session->exit_code);
  report(&session->reports, 'Z', code_text, session->end_signal, session->asked_from_outside ? "outside" : "",
         cause_of_kill(session), NULL);
  reports_flush(&session->reports);
}

/* How long a file that takes nothing is waited for. */
static int64_t give_up_at_ms(const struct session *session) {
  int64_t since = session->reports.failing_since_ms;
  if (since == 0) return 0;
  return (since > session->ending_since_ms ? since : session->ending_since_ms) + UNWRITABLE_MS;
}

int64_t session_leave_when_done(struct session *session) {
  if (!session->ending) return 0;
  bool collected = session->step.pid == 0 && (session->agent.pid == 0 || child_collected(&session->agent));
  if (collected && !session->ended_reported && !reports_pending(&session->reports)) report_end(session);
  bool all_out = collected && session->ended_reported && !reports_pending(&session->reports);
  int64_t give_up_ms = give_up_at_ms(session);
  if (!all_out && (give_up_ms == 0 || monotonic_ms() < give_up_ms)) return give_up_ms;
  session_tell_worker(session);
  _exit(session->exit_code);
}
