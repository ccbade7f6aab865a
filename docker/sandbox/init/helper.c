#include "helper.h"

#include "clock.h"
#include "descriptors.h"
#include "fail.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MAX_KEPT = 8, OUT_OF_THE_WAY = 32 };

int helper_wait_ms(const struct helper *helper) {
  if (helper->pid != 0) return -1;
  int64_t wait_ms = helper->started_ms + HELPER_RESTART_MS - monotonic_ms();
  return wait_ms <= 0 ? 0 : (int)wait_ms;
}

void helper_put_off(struct helper *helper) { helper->started_ms = monotonic_ms(); }

pid_t helper_fork(struct helper *helper) {
  helper_put_off(helper);
  pid_t pid = fork();
  helper->pid = pid > 0 ? pid : 0;
  return pid;
}

bool helper_lost(struct helper *helper, pid_t pid) {
  if (helper->pid != pid) return false;
  helper->pid = 0;
  return true;
}

/* One number may be in another's place, so they all move away first. */
static void renumber(const char *name, const int *fds, size_t count) {
  int moved[MAX_KEPT];
  for (size_t i = 0; i < count; i++) {
    moved[i] = fcntl(fds[i], F_DUPFD, OUT_OF_THE_WAY);
    if (moved[i] < 0) fail("%s: too few descriptors", name);
  }
  for (size_t i = 0; i < count; i++) dup3(moved[i], HELPER_FIRST_FD + (int)i, O_CLOEXEC);
  close_from(HELPER_FIRST_FD + (int)count);
}

static void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void helper_leave_init(const char *name, const int *fds, size_t count) {
  sigset_t none;
  fail_tells(NULL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  prctl(PR_SET_NAME, name);
  int null = open("/dev/null", O_RDWR);
  if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0) fail("%s: no /dev/null", name);
  renumber(name, fds, count);
  raise_descriptor_limit();
}
