#include "credential.h"
#include "descriptors.h"
#include "fail.h"
#include "session.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

extern char **environ;

static const char PROTOCOL_VERSION[] = "5";
static const char GATEWAY_PATH[] = "/run/daypass/gateway.sock";
static const char INIT_DIR[] = "/run/daypass-init";
static const char CGROUP_DIR[] = "/sys/fs/cgroup";
static const char CREDENTIAL_HELPER[] = "git-credential-daypass";

static struct session session;

static bool is_called(const char *argv0, const char *name) {
  size_t length = strlen(argv0), suffix = strlen(name);
  return length >= suffix && strcmp(argv0 + length - suffix, name) == 0;
}

/* Signals are read in the loop. A blocked one reaches PID 1 from inside the sandbox too, where it only ends the agent. */
static int open_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  signal(SIGCHLD, SIG_DFL);
  signal(SIGPIPE, SIG_IGN);
  sigprocmask(SIG_SETMASK, &set, NULL);
  int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) fail("signalfd: %s", strerror(errno));
  return fd;
}

static void report_failure(const char *text) {
  report(&session.reports, 'D', text, NULL);
  reports_flush(&session.reports);
}

/* The only time that a path in the directory is opened: from the report `R` on it is the worker's alone. */
static void open_directory(const char *directory) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/reports", directory);
  reports_create(&session.reports, path);
  fail_tells(report_failure);
  snprintf(path, sizeof path, "%s/orders.sock", directory);
  connection_listen(&session.connection, path);
}

int main(int argc, char **argv) {
  if (argc > 0 && is_called(argv[0], CREDENTIAL_HELPER)) return credential_helper(argc > 1 ? argv[1] : "");
  if (prctl(PR_SET_DUMPABLE, 0) != 0) fail("prctl: %s", strerror(errno));
  /* At the end init kills every process that it can see. */
  if (getpid() != 1) fail("it runs as PID 1 of a sandbox only");
  close_from(STDERR_FILENO + 1);
  fill_standard_descriptors();
  session.signal_fd = open_signals();
  session.listeners.gateway_path = argc > 1 ? argv[1] : GATEWAY_PATH;
  name_service_open(&session.names, session.listeners.gateway_path);
  session.agent = (struct child){.fds = {-1, -1}, .ready_fd = -1, .types = {'o', 'e'}};
  environment_open(&session.for_steps);
  environment_open(&session.for_agent);
  environment_add_image(&session.for_agent, environ);
  input_open(&session.input);
  open_directory(argc > 2 ? argv[2] : INIT_DIR);
  pressure_open(&session.pressure, argc > 3 ? argv[3] : CGROUP_DIR);
  report(&session.reports, 'R', PROTOCOL_VERSION, NULL);
  session_run(&session);
}
