#include "session.h"

#include "fail.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nothing is started after the agent, so nothing needs an environment either. */
static bool is_past_starting(const struct session *session) { return session->agent.pid != 0; }

static void add_environment(const struct session *session, struct environment *environment,
                            const struct order *order) {
  if (is_past_starting(session)) return;
  for (size_t i = 0; i < order->count; i++) environment_set(environment, order->fields[i]);
}

static void write_input(struct session *session, const struct order *order) {
  const char *text = order->fields[0];
  char *end;
  errno = 0;
  unsigned long long offset = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0) fail("order 'I' holds no offset");
  if (is_past_starting(session)) return;
  input_write(&session->input, offset, order->bytes, order->bytes_length);
}

static void report_listener(struct session *session, const struct sockaddr_in *address, char **asked,
                            const char *outcome) {
  char address_text[64], port_text[16];
  /* What cannot be read is told as it was asked for. */
  bool is_read = address->sin_port != 0 && inet_ntop(AF_INET, &address->sin_addr, address_text, sizeof address_text);
  if (is_read) {
    snprintf(port_text, sizeof port_text, "%u", ntohs(address->sin_port));
  } else {
    snprintf(address_text, sizeof address_text, "%s", asked[0]);
    snprintf(port_text, sizeof port_text, "%s", asked[1]);
  }
  report(&session->reports, 'L', address_text, port_text, outcome, NULL);
}

static void add_listener(struct session *session, const struct order *order) {
  char outcome[256] = "ok";
  struct sockaddr_in address = {0};
  if (order->count != 4) fail("order 'F' has %zu fields instead of 4", order->count);
  if (listeners_add(&session->listeners, order->fields, &address, outcome, sizeof outcome)) {
    name_service_fix(&session->names, order->fields[2], address.sin_addr);
  }
  report_listener(session, &address, order->fields, outcome);
}

static void order_names(struct session *session, const struct order *order) {
  char outcome[256] = "ok";
  struct sockaddr_in address = {0};
  if (order->count < 2) fail("order 'N' has %zu fields instead of at least 2", order->count);
  name_service_order(&session->names, order->fields, order->count, &address, outcome, sizeof outcome);
  report_listener(session, &address, order->fields, outcome);
}

static void start_step(struct session *session, const struct order *order) {
  struct reports *reports = &session->reports;
  char reason[512], code_text[8];
  if (order->count < 3) fail("order 'S' has %zu fields instead of at least 3", order->count);
  const char *name = order->fields[0];
  if (strlen(name) > MAX_STEP_NAME_BYTES) fail("the name of a step is longer than %d bytes", MAX_STEP_NAME_BYTES);
  snprintf(session->step_name, sizeof session->step_name, "%s", name);
  report(reports, 'B', name, NULL);
  session->step = (struct child){.fds = {-1, -1}, .ready_fd = -1, .types = {'p', 'q'}};
  int code = 126;
  if (is_past_starting(session)) {
    snprintf(reason, sizeof reason, "nothing is started after the agent");
  } else {
    code = child_start(&session->step, -1, order->fields[1], order->fields + 2, session->for_steps.entries, reason,
                       sizeof reason);
  }
  if (code == 0) return;
  strncat(reason, "\n", sizeof reason - strlen(reason) - 1);
  report_bytes(reports, 'q', reason, strlen(reason));
  snprintf(code_text, sizeof code_text, "%d", code);
  report(reports, 'X', name, code_text, NULL);
}

static void wipe_what_was_given(struct session *session) {
  environment_wipe(&session->for_steps);
  environment_wipe(&session->for_agent);
  input_forget(&session->input);
}

/* Whoever finds this in the file knows that the command may have run, whatever else happened then. */
static bool announce_agent(struct session *session, const char *command) {
  char name[MAX_COMMAND_BYTES + 1];
  snprintf(name, sizeof name, "%s", command);
  report(&session->reports, 'g', name, NULL);
  reports_flush(&session->reports);
  return !reports_pending(&session->reports);
}

static void start_agent(struct session *session, const struct order *order) {
  char reason[512] = "its start cannot be reported", code_text[8];
  int code = 126;
  if (order->count < 1) fail("order 'A' has no working directory");
  if (session->has_agent) return;
  session->has_agent = true;
  if (order->count == 1) return;
  if (announce_agent(session, order->fields[1])) {
    code = child_start(&session->agent, input_seal(&session->input), order->fields[0], order->fields + 1,
                       session->for_agent.entries, reason, sizeof reason);
  }
  if (code == 0) {
    report(&session->reports, 'G', NULL);
    reports_flush(&session->reports);
    wipe_what_was_given(session);
    return;
  }
  snprintf(code_text, sizeof code_text, "%d", code);
  report(&session->reports, 'N', code_text, reason, NULL);
  session->ended_reported = true;
  session_end(session, code, "");
}

static void set_watchdog(struct session *session, const struct order *order) {
  if (order->count != 2) fail("order 'W' has %zu fields instead of 2", order->count);
  watchdog_set(session, strtoll(order->fields[0], NULL, 10), strtoll(order->fields[1], NULL, 10));
}

static void take_leave_of_worker(struct session *session) {
  wipe_what_was_given(session);
  if (!session->has_agent) session_end(session, 0, "");
}

static void release_reports(struct session *session, const struct order *order) {
  if (order->count != 1) fail("order 'K' has %zu fields instead of 1", order->count);
  const char *text = order->fields[0];
  char *end;
  errno = 0;
  unsigned long long position = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0) fail("order 'K' holds no position");
  if (!reports_release(&session->reports, position)) fail("order 'K' is beyond the end of the reports");
}

static void stop(struct session *session, const struct order *order) {
  if (order->count != 1) fail("order 'T' has %zu fields instead of 1", order->count);
  if (strcmp(order->fields[0], "TERM") == 0) session_ask_to_end(session);
  else if (strcmp(order->fields[0], "KILL") == 0) session_kill(session);
  else fail("order 'T' says neither TERM nor KILL");
}

/* A step may run for long: what frees memory, ends the session or prolongs it does not wait for it. */
bool session_is_urgent(const struct order *order) { return strchr("KTW", order->type) != NULL; }

void session_execute(struct session *session, const struct order *order) {
  switch (order->type) {
    case 'E':
      add_environment(session, &session->for_steps, order);
      add_environment(session, &session->for_agent, order);
      break;
    case 'U': add_environment(session, &session->for_agent, order); break;
    case 'I': write_input(session, order); break;
    case 'F': add_listener(session, order); break;
    case 'N': order_names(session, order); break;
    case 'S': start_step(session, order); break;
    case 'A': start_agent(session, order); break;
    case 'W': set_watchdog(session, order); break;
    case 'Q': take_leave_of_worker(session); break;
    case 'K': release_reports(session, order); break;
    case 'T': stop(session, order); break;
    default: fail("order '%c' has no meaning", order->type);
  }
}
