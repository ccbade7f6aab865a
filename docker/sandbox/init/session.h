#pragma once

#include "child.h"
#include "connection.h"
#include "environment.h"
#include "input.h"
#include "listeners.h"
#include "name_service.h"
#include "orders.h"
#include "pressure.h"
#include "reports.h"

#include <stdbool.h>
#include <stdint.h>

enum { MAX_STEP_NAME_BYTES = 255, MAX_COMMAND_BYTES = 1023 };

/* The life of one sandbox, as init sees it. */
struct session {
  int signal_fd;
  struct connection connection;
  struct orders orders;
  struct reports reports;
  struct environment for_steps;
  struct environment for_agent;
  struct input input; /* the agent's */
  struct listeners listeners;
  struct name_service names;
  bool has_agent; /* an order `A` was carried out, with a command or without */
  struct child agent; /* pid 0 in an interactive session */
  struct child step;  /* pid 0 between steps */
  char step_name[MAX_STEP_NAME_BYTES + 1];
  bool ending; /* starts nothing more, and exits once everything is collected */
  int exit_code;
  const char *end_signal; /* its name; empty for none */
  bool ended_by_itself; /* the agent did, and nothing made init end it */
  bool ended_reported;
  bool asked_from_outside; /* something that is not in the sandbox, and no order, has asked it to end */
  int64_t ending_since_ms;
  struct pressure pressure;
  int64_t drain_until_ms; /* when a pipe that is still held open is given up */
  int64_t watchdog_at_ms; /* 0: no watchdog; when the session's time is over, then when its grace is */
  int64_t watchdog_grace_ms;
  bool watchdog_warned;
  bool asked_to_end; /* the agent has had the SIGTERM with which its time ends */
};

/* execute.c: an order that waits for nothing, not even for the orders before it. */
bool session_is_urgent(const struct order *order);

/* execute.c: carries out an order. */
void session_execute(struct session *session, const struct order *order);

/* workers.c: lets a worker that has come take over from the one before. */
void session_meet_worker(struct session *session);

/* workers.c: takes what orders there are, and carries out those whose turn it is. */
void session_take_orders(struct session *session);

/* workers.c: tells the worker what has come into the file of reports. */
void session_tell_worker(struct session *session);

/* signals.c: takes the signals that came: the ends of children, and the wish to stop. */
void session_take_signals(struct session *session);

/* watchdog.c: sets when the sandbox ends by itself, should nobody be there to end it. */
void watchdog_set(struct session *session, int64_t seconds, int64_t grace_seconds);

/* watchdog.c: ends a session whose time is over; gives how long that is away in ms, -1 without a watchdog. */
int64_t watchdog_look(struct session *session);

/* signals.c: passes a stop on to the agent, or ends a session without one. */
void session_stop(struct session *session, int number);

/* signals.c: the same with SIGTERM, once: another one would end what the agent does about the first, such as a push. */
void session_ask_to_end(struct session *session);

/*
 * ending.c: kills what still runs; init exits with `code` when all output and reports are in the file. `signal` is the
 * name of the one that ended the agent, or empty.
 */
void session_end(struct session *session, int code, const char *signal);

/* ending.c: kills everything, with the exit code and signal that go with it. */
void session_kill(struct session *session);

/* ending.c: exits when there is nothing left to do; gives when it exits for want of a file to write to, 0 for never. */
int64_t session_leave_when_done(struct session *session);

/* loop.c: never returns. */
_Noreturn void session_run(struct session *session);
