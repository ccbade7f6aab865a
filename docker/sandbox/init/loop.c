#include "session.h"

#include "clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>

/* A step's own output is in its pipes when it has exited, so whoever else still holds them is not waited for. */
static void collect_step(struct session *session) {
  struct child *step = &session->step;
  char code_text[8];
  child_collect(step, &session->reports, step->exited ? WHAT_IS_LEFT : WHILE_IT_RUNS);
  if (step->pid == 0 || !step->exited || !child_collected(step) || reports_pending(&session->reports)) return;
  snprintf(code_text, sizeof code_text, "%d", child_exit_code(step));
  report(&session->reports, 'X', session->step_name, code_text, NULL);
  step->pid = 0;
}

static void collect_agent(struct session *session) {
  enum collecting how = WHILE_IT_RUNS;
  if (session->ending) how = monotonic_ms() >= session->drain_until_ms ? WHAT_IS_LEFT : TO_THE_END;
  child_collect(&session->agent, &session->reports, how);
}

static void sooner(int *timeout_ms, int64_t wait_ms) {
  if (wait_ms < 0) wait_ms = 0;
  if (wait_ms > INT_MAX) wait_ms = INT_MAX;
  if (*timeout_ms < 0 || wait_ms < *timeout_ms) *timeout_ms = (int)wait_ms;
}

/* A sandbox that only waits is left asleep. */
static bool is_in_use(const struct session *session) {
  return !session->ending && (session->step.pid != 0 || session->has_agent);
}

static int next_timeout_ms(struct session *session, int helpers_wait_ms, int64_t give_up_at_ms) {
  int64_t now = monotonic_ms(), watchdog_wait_ms = watchdog_look(session);
  int timeout_ms = helpers_wait_ms;
  if (watchdog_wait_ms >= 0) sooner(&timeout_ms, watchdog_wait_ms);
  if (session->reports.retry_at_ms != 0) sooner(&timeout_ms, session->reports.retry_at_ms - now);
  if (give_up_at_ms != 0) sooner(&timeout_ms, give_up_at_ms - now);
  if (is_in_use(session)) sooner(&timeout_ms, pressure_watch(&session->pressure, &session->reports));
  if (session->ending && session->drain_until_ms > now) sooner(&timeout_ms, session->drain_until_ms - now);
  return timeout_ms;
}

static void watch(struct pollfd *watched, nfds_t *count, int fd, short events) {
  if (fd >= 0) watched[(*count)++] = (struct pollfd){.fd = fd, .events = events};
}

static void wait_for_anything(struct session *session, int timeout_ms) {
  struct pollfd watched[5];
  nfds_t count = 0;
  watch(watched, &count, session->signal_fd, POLLIN);
  watch(watched, &count, session->connection.listening_fd, POLLIN);
  if (!orders_full(&session->orders)) watch(watched, &count, session->connection.fd, POLLIN);
  if (!reports_pending(&session->reports) && (session->ending || reports_have_room(&session->reports))) {
    watch(watched, &count, child_ready_fd(&session->step), POLLIN);
    watch(watched, &count, child_ready_fd(&session->agent), POLLIN);
  }
  poll(watched, count, timeout_ms);
}

static int serve_helpers(struct session *session) {
  int wait_ms = listeners_serve(&session->listeners);
  int names_wait_ms = name_service_serve(&session->names);
  if (names_wait_ms >= 0) sooner(&wait_ms, names_wait_ms);
  return wait_ms;
}

void session_run(struct session *session) {
  for (;;) {
    session_take_signals(session);
    collect_step(session);
    collect_agent(session);
    session_meet_worker(session);
    reports_flush(&session->reports);
    session_tell_worker(session);
    session_take_orders(session);
    reports_flush(&session->reports);
    session_tell_worker(session);
    int64_t give_up_at_ms = session_leave_when_done(session);
    int helpers_wait_ms = session->ending ? -1 : serve_helpers(session);
    wait_for_anything(session, next_timeout_ms(session, helpers_wait_ms, give_up_at_ms));
  }
}
