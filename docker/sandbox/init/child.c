#include "child.h"

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t wanted(struct child *child, int i, enum collecting how) {
  if (how != WHAT_IS_LEFT) return MAX_REPORT_BYTES;
  if (child->left[i] < 0 && ioctl(child->fds[i], FIONREAD, &child->left[i]) != 0) child->left[i] = 0;
  return (size_t)child->left[i];
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
    close(child->fds[i]);
    child->fds[i] = -1;
  }
}

void child_collect(struct child *child, struct reports *reports, enum collecting how) {
  if (child->pid == 0) return;
  collect_pipe(child, 0, reports, how);
  collect_pipe(child, 1, reports, how);
}

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
      [SIGXFSZ] = "SIGXFSZ", [SIGSYS] = "SIGSYS",
  };
  if (!WIFSIGNALED(child->status)) return "";
  unsigned number = (unsigned)WTERMSIG(child->status);
  const char *name = number < sizeof names / sizeof *names ? names[number] : NULL;
  return name != NULL ? name : "SIGOTHER";
}
