#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { HELPER_FIRST_FD = 3, HELPER_RESTART_MS = 1000 };

/*
 * A process of init's own that serves the sandbox's connections, so that what the sandbox throws at it cannot bring PID 1
 * down. It may be killed by the agent, whose user it has, and is started again.
 */
struct helper {
  pid_t pid; /* 0: none runs */
  int64_t started_ms;
};

#define HELPER_NEVER_STARTED ((struct helper){.started_ms = -HELPER_RESTART_MS})

/* Milliseconds until it is to be started; 0 for now, -1 while it runs. */
int helper_wait_ms(const struct helper *helper);

/* As fork(2), and notes whom it has started. */
pid_t helper_fork(struct helper *helper);

/* Lets it wait as if it had been started: there is no use in trying at once again. */
void helper_put_off(struct helper *helper);

/* Notes the end of a child; false when it was another one. */
bool helper_lost(struct helper *helper, pid_t pid);

/*
 * In the new process: leaves init's orders, reports and pipes behind. Of the descriptors it keeps these alone, under the
 * numbers from HELPER_FIRST_FD on, in this order. Its limit of descriptors is as high as it may be.
 */
void helper_leave_init(const char *name, const int *fds, size_t count);
