#pragma once

#include "reports.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A step or the agent: a process group of its own that writes into two pipes of ours. */
struct child {
  pid_t pid;       /* 0: never started */
  bool exited;     /* reaped; `status` is what wait(2) said */
  int status;
  int fds[2];      /* reading ends of its standard output and error; -1 once closed */
  int ready_fd;    /* an epoll that has one of them ready at a time for each reading, in the order in which they became so */
  char types[2];   /* report types of the two */
  int left[2];     /* bytes that the two still held when only those were wanted; -1 before that */
};

/*
 * Starts `argv` in `cwd` with the environment `env`, and with `in` as its standard input, or /dev/null where that is -1.
 * 0 when it runs; else 127 (no such command) or 126 (any other reason), with the reason in words.
 */
int child_start(struct child *child, int in, const char *cwd, char **argv, char **env, char *reason, size_t size);

enum collecting {
  WHILE_IT_RUNS, /* only as long as the reports have room: it waits */
  TO_THE_END,    /* until nothing holds a pipe's other end any more */
  WHAT_IS_LEFT   /* what the pipes hold now, whatever may still hold their other ends */
};

/* Has `ready_fd` tell when the pipe can be read next; EPOLL_CTL_ADD for the first time, then EPOLL_CTL_MOD. */
bool child_await(struct child *child, int i, int operation);

/* A descriptor that is readable when one of its pipes is; -1 when there is none. */
int child_ready_fd(const struct child *child);

/*
 * Turns what its pipes hold into reports, as long as those reach the file. Of a pipe as much as a report holds, then the
 * other one has its turn: what was written to both in turn, and read in time, is reported in turn.
 */
void child_collect(struct child *child, struct reports *reports, enum collecting how);

bool child_collected(const struct child *child);

/* 0 to 255, or 128 + the signal that killed it. */
int child_exit_code(const struct child *child);

/* `SIGKILL` and the like; empty when it was not killed by a signal. */
const char *child_signal_name(const struct child *child);
