#include "child.h"

#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { EXEC_TAKES_MS = 10000 };

/* What a child could not do, told to init through a pipe that a successful exec closes. */
struct failure {
  enum { AT_STREAMS, AT_CWD, AT_EXEC } stage;
  int error;
  struct program_failure program;
};

static void reset_signals(void) {
  sigset_t none;
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static int connect_streams(int in, int out, int err) {
  if (in < 0) in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  return in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 ? -1 : 0;
}

/*
 * A file's length is no use of a disk: runtimes and databases make sparse ones of terabytes. Only init itself has a limit,
 * as the file of its reports lies outside of the sandbox.
 */
static void lift_file_size(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_FSIZE, &limit);
}

static _Noreturn void become(const char *cwd, char **argv, char **env, const int *in_out_err, int failed) {
  struct failure failure = {.stage = AT_STREAMS};
  setsid();
  reset_signals();
  lift_file_size();
  if (connect_streams(in_out_err[0], in_out_err[1], in_out_err[2]) == 0) {
    failure.stage = AT_CWD;
    if (chdir(cwd) == 0) {
      failure.stage = AT_EXEC;
      program_become(argv, env, &failure.program);
    }
  }
  failure.error = errno;
  while (write(failed, &failure, sizeof failure) < 0 && errno == EINTR) continue;
  _exit(126);
}

static int explain(const struct failure *failure, const char *cwd, const char *command, char *reason, size_t size) {
  char why[256];
  if (failure->stage == AT_EXEC) {
    program_explain(&failure->program, why, sizeof why);
    snprintf(reason, size, "cannot run %.200s: %s", command, why);
    return program_exit_code(&failure->program);
  }
  bool is_cwd = failure->stage == AT_CWD;
  snprintf(reason, size, "cannot %s %.200s: %s", is_cwd ? "enter" : "open", is_cwd ? cwd : "/dev/null",
           strerror(failure->error));
  return 126;
}

/*
 * An exec takes no longer than reading a file, so waiting for it keeps the order of reports simple. A process that a step
 * has left behind could stop the new one before that, and init with it: then it is killed, and ends as a killed one does.
 */
static int await_exec(pid_t pid, int failed, const char *cwd, const char *command, char *reason, size_t size) {
  struct failure failure;
  ssize_t got;
  if (poll(&(struct pollfd){.fd = failed, .events = POLLIN}, 1, EXEC_TAKES_MS) == 0) kill(pid, SIGKILL);
  while ((got = read(failed, &failure, sizeof failure)) < 0 && errno == EINTR) continue;
  return got == (ssize_t)sizeof failure ? explain(&failure, cwd, command, reason, size) : 0;
}

enum { OUT, ERR, FAILED, PIPES };

static void close_all(int (*pipes)[2], int side) {
  for (int i = 0; i < PIPES; i++) {
    if (pipes[i][side] >= 0) close(pipes[i][side]);
    pipes[i][side] = -1;
  }
}

/* Before anything can be written, so that not even the first words come out of order. */
static bool watch_pipes(struct child *child, int (*pipes)[2]) {
  child->ready_fd = epoll_create1(EPOLL_CLOEXEC);
  for (int i = OUT; i <= ERR; i++) {
    child->fds[i] = pipes[i][0];
    child->left[i] = -1;
    if (fcntl(child->fds[i], F_SETFL, O_NONBLOCK) != 0 || !child_await(child, i, EPOLL_CTL_ADD)) return false;
  }
  return true;
}

static void unwatch_pipes(struct child *child) {
  if (child->ready_fd >= 0) close(child->ready_fd);
  child->ready_fd = child->fds[OUT] = child->fds[ERR] = -1;
}

int child_start(struct child *child, int in, const char *cwd, char **argv, char **env, char *reason, size_t size) {
  int pipes[PIPES][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
  pid_t pid = -1;
  if (pipe2(pipes[OUT], O_CLOEXEC) == 0 && pipe2(pipes[ERR], O_CLOEXEC) == 0 && pipe2(pipes[FAILED], O_CLOEXEC) == 0 &&
      watch_pipes(child, pipes)) {
    pid = fork();
  }
  if (pid == 0) become(cwd, argv, env, (int[]){in, pipes[OUT][1], pipes[ERR][1]}, pipes[FAILED][1]);
  int code = 126;
  if (pid < 0) snprintf(reason, size, "cannot start a process: %s", strerror(errno));
  close_all(pipes, 1);
  if (pid > 0) code = await_exec(pid, pipes[FAILED][0], cwd, argv[0], reason, size);
  if (code != 0) {
    unwatch_pipes(child);
    close_all(pipes, 0);
    return code;
  }
  close(pipes[FAILED][0]);
  child->pid = pid;
  child->exited = false;
  return 0;
}
