#include "listeners.h"

#include "clock.h"
#include "forward.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 512, RESTART_MS = 1000 };

static bool parse_port(const char *text, long least, long *port) {
  char *end;
  *port = strtol(text, &end, 10);
  return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *port >= least && *port <= 65535;
}

/* The target ends up in a line of HTTP, so nothing that could end the line or the word is let in. */
static bool is_host(const char *text) {
  size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]");
  return length > 0 && length <= 255 && text[length] == '\0';
}

static bool parse(char **fields, struct sockaddr_in *address, char *target, char *reason, size_t size) {
  long listen_port, target_port;
  *address = (struct sockaddr_in){.sin_family = AF_INET};
  if (inet_pton(AF_INET, fields[0], &address->sin_addr) != 1) {
    return snprintf(reason, size, "%.64s is not an IPv4 address", fields[0]), false;
  }
  if (!parse_port(fields[1], 0, &listen_port)) return snprintf(reason, size, "%.16s is not a port", fields[1]), false;
  address->sin_port = htons((uint16_t)listen_port);
  target[0] = '\0';
  if (fields[2][0] == '\0') return true;
  if (!is_host(fields[2])) return snprintf(reason, size, "the target is not a host name"), false;
  if (!parse_port(fields[3], 1, &target_port)) return snprintf(reason, size, "%.16s is not a port", fields[3]), false;
  snprintf(target, MAX_TARGET_BYTES, "%s:%ld", fields[2], target_port);
  return true;
}

static int open_socket(const struct sockaddr_in *address) {
  int on = 1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      bind(fd, (const struct sockaddr *)address, sizeof *address) == 0 && listen(fd, BACKLOG) == 0) {
    return fd;
  }
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

static bool is_same(const struct listener *one, const struct listener *other) {
  return one->address.sin_addr.s_addr == other->address.sin_addr.s_addr &&
         one->address.sin_port == other->address.sin_port && strcmp(one->target, other->target) == 0;
}

static bool has(const struct listeners *listeners, const struct listener *wanted) {
  for (size_t i = 0; i < listeners->count; i++) {
    if (is_same(&listeners->all[i], wanted)) return true;
  }
  return false;
}

bool listeners_add(struct listeners *listeners, char **fields, char *port, size_t port_size, char *reason,
                   size_t size) {
  struct listener listener = {.started_ms = -RESTART_MS};
  socklen_t length = sizeof listener.address;
  snprintf(port, port_size, "%s", fields[1]);
  if (!parse(fields, &listener.address, listener.target, reason, size)) return false;
  if (has(listeners, &listener)) return true;
  if (listeners->count == MAX_LISTENERS) return snprintf(reason, size, "more than %d listeners", MAX_LISTENERS), false;
  listener.fd = open_socket(&listener.address);
  if (listener.fd < 0) return snprintf(reason, size, "cannot listen: %s", strerror(errno)), false;
  if (getsockname(listener.fd, (struct sockaddr *)&listener.address, &length) == 0) {
    snprintf(port, port_size, "%u", ntohs(listener.address.sin_port));
  }
  listeners->all[listeners->count++] = listener;
  return true;
}

/* A process of its own, so that what the sandbox throws at it cannot bring PID 1 down. */
static void start(struct listener *listener, const char *gateway_path) {
  listener->started_ms = monotonic_ms();
  pid_t pid = fork();
  if (pid == 0) forward(listener->fd, listener->target, gateway_path);
  listener->forwarder = pid > 0 ? pid : 0;
}

int listeners_serve(struct listeners *listeners) {
  int soonest = -1;
  for (size_t i = 0; i < listeners->count; i++) {
    struct listener *listener = &listeners->all[i];
    if (listener->forwarder != 0) continue;
    int64_t wait_ms = listener->started_ms + RESTART_MS - monotonic_ms();
    if (wait_ms <= 0) start(listener, listeners->gateway_path);
    if (listener->forwarder != 0) continue;
    if (wait_ms <= 0) wait_ms = RESTART_MS;
    if (soonest < 0 || wait_ms < soonest) soonest = (int)wait_ms;
  }
  return soonest;
}

bool listeners_lost(struct listeners *listeners, pid_t pid) {
  for (size_t i = 0; i < listeners->count; i++) {
    if (listeners->all[i].forwarder != pid) continue;
    listeners->all[i].forwarder = 0;
    return true;
  }
  return false;
}
