/* uses: orders.c execute.c environment.c input.c listeners.c listening.c name_service.c host_name.c helper.c clock.c descriptors.c reports.c watchdog.c */
#include "harness.h"

#include "forward.h"
#include "session.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What would start processes, end them, or open sockets does nothing here. */
int child_start(struct child *child, int in, const char *cwd, char **argv, char **env, char *reason, size_t size) {
  (void)child;
  MUST(in >= -1);
  MUST(cwd != NULL && argv[0] != NULL && env != NULL && size > 0);
  strcpy(reason, "not here");
  return 126;
}
void session_end(struct session *session, int code, const char *signal) {
  (void)code, (void)signal;
  session->ending = true;
}
void session_kill(struct session *session) { session->ending = true; }
void session_stop(struct session *session, int number) { (void)session, (void)number; }
void session_ask_to_end(struct session *session) { session->asked_to_end = true; }
void forward(int listening_fd, const char *target, const char *gateway_path) {
  (void)listening_fd, (void)target, (void)gateway_path;
  abort();
}
void serve_names(int udp_fd, int tcp_fd, int settings_fd, const struct name_settings *settings, const char *path) {
  (void)udp_fd, (void)tcp_fd, (void)settings_fd, (void)settings, (void)path;
  abort();
}
int __wrap_listen_at(const struct sockaddr_in *address, int type, int backlog) {
  (void)type, (void)backlog;
  MUST(address->sin_family == AF_INET);
  return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Where init exits in the middle of an order, its memory goes with it. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) { return 1; }

static struct session session;

static void open_session(void) {
  session.reports = (struct reports){.fd = open("/dev/null", O_WRONLY | O_CLOEXEC), .bytes = malloc(96 * 1024)};
  environment_open(&session.for_steps);
  environment_open(&session.for_agent);
  input_open(&session.input);
  name_service_open(&session.names, "/nowhere");
}

static void close_session(void) {
  for (size_t i = 0; i < session.listeners.count; i++) close(session.listeners.all[i].fd);
  if (session.names.udp_fd >= 0) close(session.names.udp_fd);
  if (session.names.tcp_fd >= 0) close(session.names.tcp_fd);
  environment_wipe(&session.for_steps);
  environment_wipe(&session.for_agent);
  input_forget(&session.input);
  free(session.for_steps.entries);
  free(session.for_agent.entries);
  orders_forget(&session.orders);
  close(session.reports.fd);
  free(session.reports.bytes);
  memset(&session, 0, sizeof session);
}

static void carry_out(int fd) {
  struct order *order;
  if (setjmp(harness_gave_up) != 0) return;
  while (!session.ending && orders_read(&session.orders, fd, &order) == ORDERS_ONE) {
    session_is_urgent(order);
    session_execute(&session, order);
    reports_flush(&session.reports);
    order_free(order);
  }
  MUST(session.names.settings.port_count <= MAX_PORTS && session.names.settings.fixed_count <= MAX_FIXED_NAMES);
}

/* The bytes of a worker's connection. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  int ends[2];
  if (length > 64 * 1024 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return 0;
  MUST(send(ends[0], bytes, length, MSG_DONTWAIT) == (ssize_t)length);
  close(ends[0]);
  open_session();
  carry_out(ends[1]);
  close_session();
  close(ends[1]);
  return 0;
}
