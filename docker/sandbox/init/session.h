#pragma once

#include "child.h"
#include "environment.h"
#include "listeners.h"
#include "orders.h"
#include "reports.h"

#include <stdbool.h>
#include <stdint.h>

enum { MAX_STEP_NAME_BYTES = 255 };

/* The life of one sandbox, as init sees it. */
struct session {
  int signal_fd;
  struct orders orders;
  struct reports reports;
  struct environment environment;
  struct listeners listeners;
  bool has_agent; /* an order `A` was carried out, with a command or without */
  struct child agent; /* pid 0 in an interactive session */
  struct child step;  /* pid 0 between steps */
  char step_name[MAX_STEP_NAME_BYTES + 1];
  bool ending; /* takes no more orders, and exits once everything is collected */
  int exit_code;
  bool ended_reported;
  int64_t drain_until_ms; /* when a pipe that is still held open is given up */
  int64_t flush_until_ms; /* 0: waits for good until its reports are collected */
  int64_t watchdog_at_ms; /* 0: no watchdog; when the session's time is over, then when its grace is */
  int64_t watchdog_grace_ms;
  bool watchdog_warned;
};

/* execute.c: carries out the reader's current order. */
void session_execute(struct session *session);

/* signals.c: takes the signals that came: the ends of children, and the wish to stop. */
void session_take_signals(struct session *session);

/* watchdog.c: sets when the sandbox ends by itself, should nobody be there to end it. */
void watchdog_set(struct session *session, int64_t seconds, int64_t grace_seconds);

/* watchdog.c: ends a session whose time is over; gives how long that is away in ms, -1 without a watchdog. */
int64_t watchdog_look(struct session *session);

/* signals.c: passes a stop on to the agent, or ends a session without one. */
void session_stop(struct session *session, int number);

/* ending.c: kills what still runs; init exits with `code` when all output and reports are collected. */
void session_end(struct session *session, int code, int64_t flush_until_ms);

/* ending.c: exits when there is nothing left to do. */
void session_leave_when_done(struct session *session);

/* loop.c: never returns. */
_Noreturn void session_run(struct session *session);
