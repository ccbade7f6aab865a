#include "child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

bool child_await(struct child *child, int i, int operation) {
  /* Once, as it would else keep its place among the ready from the time before. */
  struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.u32 = (uint32_t)i};
  return epoll_ctl(child->ready_fd, operation, child->fds[i], &event) == 0;
}

static size_t wanted(struct child *child, int i, enum collecting how) {
  if (how != WHAT_IS_LEFT) return MAX_REPORT_BYTES;
  if (child->left[i] < 0 && ioctl(child->fds[i], FIONREAD, &child->left[i]) != 0) child->left[i] = 0;
  return (size_t)child->left[i];
}

static void close_pipe(struct child *child, int i) {
  epoll_ctl(child->ready_fd, EPOLL_CTL_DEL, child->fds[i], NULL);
  close(child->fds[i]);
  child->fds[i] = -1;
  if (!child_collected(child)) return;
  close(child->ready_fd);
  child->ready_fd = -1;
}

static void collect_pipe(struct child *child, int i, struct reports *reports, enum collecting how) {
  while (child->fds[i] >= 0 && !reports_pending(reports) && (how != WHILE_IT_RUNS || reports_have_room(reports))) {
    size_t most = wanted(child, i, how);
    ssize_t got = most == 0 ? 0 : report_from(reports, child->types[i], child->fds[i], most);
    if (got < 0 && errno == EINTR) continue;
    if (got > 0 && how == WHAT_IS_LEFT) {
      child->left[i] -= (int)got;
      continue;
    }
    if (got > 0 || (got < 0 && errno == EAGAIN && how != WHAT_IS_LEFT)) return;
    close_pipe(child, i);
  }
}

static void collect_ready(struct child *child, struct reports *reports, enum collecting how) {
  struct epoll_event ready[2];
  if (child->ready_fd < 0 || reports_pending(reports)) return;
  if (how == WHILE_IT_RUNS && !reports_have_room(reports)) return;
  int count = epoll_wait(child->ready_fd, ready, 2, 0);
  for (int at = 0; at < count; at++) {
    int i = (int)ready[at].data.u32;
    collect_pipe(child, i, reports, how);
    if (child->fds[i] >= 0) child_await(child, i, EPOLL_CTL_MOD);
  }
}

void child_collect(struct child *child, struct reports *reports, enum collecting how) {
  if (child->pid == 0) return;
  collect_ready(child, reports, how);
  if (how != WHAT_IS_LEFT) return;
  collect_pipe(child, 0, reports, how);
  collect_pipe(child, 1, reports, how);
}

int child_ready_fd(const struct child *child) { return child->pid == 0 ? -1 : child->ready_fd; }

bool child_collected(const struct child *child) { return child->fds[0] < 0 && child->fds[1] < 0; }

int child_exit_code(const struct child *child) {
  return WIFSIGNALED(child->status) ? 128 + WTERMSIG(child->status) : WEXITSTATUS(child->status);
}

const char *child_signal_name(const struct child *child) {
  static const char *const names[] = {
      [SIGHUP] = "SIGHUP",   [SIGINT] = "SIGINT",   [SIGQUIT] = "SIGQUIT", [SIGILL] = "SIGILL",
      [SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT", [SIGBUS] = "SIGBUS",   [SIGFPE] = "SIGFPE",
      [SIGKILL] = "SIGKILL", [SIGUSR1] = "SIGUSR1", [SIGSEGV] = "SIGSEGV", [SIGUSR2] = "SIGUSR2",
      [SIGPIPE] = "SIGPIPE", [SIGALRM] = "SIGALRM", [SIGTERM] = "SIGTERM", [SIGXCPU] = "SIGXCPU",
      [SIGXFSZ] = "SIGXFSZ", [SIGSYS] = "SIGSYS",   [SIGPROF] = "SIGPROF", [SIGIO] = "SIGIO",
      [SIGPWR] = "SIGPWR",   [SIGVTALRM] = "SIGVTALRM", [SIGSTKFLT] = "SIGSTKFLT",
  };
  static char realtime[16];
  if (!WIFSIGNALED(child->status)) return "";
  unsigned number = (unsigned)WTERMSIG(child->status);
  const char *name = number < sizeof names / sizeof *names ? names[number] : NULL;
  if (name != NULL) return name;
  /* The C library takes the first of them for itself, and is not the one that the agent has. */
  snprintf(realtime, sizeof realtime, "SIG%u", number);
  return realtime;
}
