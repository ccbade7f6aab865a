#include "listeners.h"

#include "forward.h"
#include "listening.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { BACKLOG = 512 };

/* The target ends up in a line of HTTP, so nothing that could end the line or the word is let in. */
static bool is_host(const char *text) {
  size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]");
  return length > 0 && length <= 255 && text[length] == '\0';
}

static bool parse(char **fields, struct listener *listener, char *reason, size_t size) {
  in_port_t target_port;
  if (!parse_address(fields[0], fields[1], &listener->address, reason, size)) return false;
  listener->target[0] = '\0';
  if (fields[2][0] == '\0') return true;
  if (!is_host(fields[2])) return snprintf(reason, size, "the target is not a host name"), false;
  if (!parse_port(fields[3], 1, &target_port)) return snprintf(reason, size, "%.16s is not a port", fields[3]), false;
  snprintf(listener->target, sizeof listener->target, "%s:%u", fields[2], target_port);
  return true;
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

bool listeners_add(struct listeners *listeners, char **fields, struct sockaddr_in *address, char *reason, size_t size) {
  struct listener listener = {.forwarder = HELPER_NEVER_STARTED};
  if (!parse(fields, &listener, reason, size)) return false;
  *address = listener.address;
  if (has(listeners, &listener)) return true;
  if (listeners->count == MAX_LISTENERS) return snprintf(reason, size, "more than %d listeners", MAX_LISTENERS), false;
  listener.fd = listen_at(&listener.address, SOCK_STREAM, BACKLOG);
  if (listener.fd < 0) return snprintf(reason, size, "cannot listen: %s", strerror(errno)), false;
  bound_address(listener.fd, &listener.address);
  *address = listener.address;
  listeners->all[listeners->count++] = listener;
  return true;
}

static void start(struct listener *listener, const char *gateway_path) {
  if (helper_fork(&listener->forwarder) == 0) forward(listener->fd, listener->target, gateway_path);
}

int listeners_serve(struct listeners *listeners) {
  int soonest = -1;
  for (size_t i = 0; i < listeners->count; i++) {
    struct listener *listener = &listeners->all[i];
    if (helper_wait_ms(&listener->forwarder) == 0) start(listener, listeners->gateway_path);
    int wait_ms = helper_wait_ms(&listener->forwarder);
    if (wait_ms >= 0 && (soonest < 0 || wait_ms < soonest)) soonest = wait_ms;
  }
  return soonest;
}

bool listeners_lost(struct listeners *listeners, pid_t pid) {
  for (size_t i = 0; i < listeners->count; i++) {
    if (helper_lost(&listeners->all[i].forwarder, pid)) return true;
  }
  return false;
}
