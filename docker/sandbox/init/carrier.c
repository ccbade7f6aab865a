#include "carrier.h"

#include "clock.h"
#include "fail.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { EVENTS = 256, RELUCTANT_MS = 100 };

void carrier_open(struct carrier *carrier, const char *gateway_path, size_t most) {
  *carrier = (struct carrier){.gateway_path = gateway_path, .entrance_fd = -1, .most = most};
  carrier->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (carrier->epoll_fd < 0) fail("epoll: %s", strerror(errno));
}

bool carrier_watch(const struct carrier *carrier, int fd, struct source *source) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};
  return epoll_ctl(carrier->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

void carrier_set_entrance(struct carrier *carrier, int fd, struct source *source) {
  carrier->entrance_fd = fd;
  carrier->entrance = source;
  if (!carrier_watch(carrier, fd, source)) fail("epoll: %s", strerror(errno));
}

static void fill_up(struct carrier *carrier) {
  carrier->full = true;
  carrier->full_until_ms = monotonic_ms() + RELUCTANT_MS;
}

void carrier_accept(struct carrier *carrier, int listening_fd, const char *target, size_t *live) {
  while (carrier->count < carrier->most) {
    int client = accept4(listening_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (client < 0) {
      if (errno != EAGAIN) fill_up(carrier);
      return;
    }
    // The gateway's answers come in small pieces; waiting for the client's acknowledgement (Nagle) would add its 40 ms of
    // delay to each exchange of a git clone.
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct tunnel *tunnel = tunnel_open(client, target, carrier->gateway_path, carrier->epoll_fd, live);
    if (tunnel == NULL) {
      fill_up(carrier);
      return;
    }
    tunnel->next = carrier->tunnels;
    carrier->tunnels = tunnel;
    carrier->count++;
  }
  fill_up(carrier);
}

/* Lets every tunnel go as far as it can; milliseconds until one of them wants to go on by itself, or -1. */
static int advance_tunnels(struct carrier *carrier) {
  int soonest = -1;
  int64_t now = monotonic_ms();
  for (struct tunnel **link = &carrier->tunnels; *link != NULL;) {
    struct tunnel *tunnel = *link;
    int wait_ms = tunnel_advance(tunnel, now);
    if (wait_ms == TUNNEL_ENDED) {
      *link = tunnel->next;
      tunnel_close(tunnel);
      carrier->count--;
      carrier->full = false;
      continue;
    }
    if (wait_ms >= 0 && (soonest < 0 || wait_ms < soonest)) soonest = wait_ms;
    link = &tunnel->next;
  }
  return soonest;
}

/* While it is full, clients that wait would wake it again and again. */
static void open_or_shut(struct carrier *carrier) {
  if (carrier->entrance_fd < 0 || carrier->is_shut == carrier->full) return;
  struct epoll_event event = {.events = carrier->full ? 0 : EPOLLIN, .data.ptr = carrier->entrance};
  if (epoll_ctl(carrier->epoll_fd, EPOLL_CTL_MOD, carrier->entrance_fd, &event) != 0) fail("epoll: %s", strerror(errno));
  carrier->is_shut = carrier->full;
}

void carrier_run(struct carrier *carrier) {
  for (int wait_ms = -1;;) {
    struct epoll_event events[EVENTS];
    if (carrier->full && (wait_ms < 0 || wait_ms > RELUCTANT_MS)) wait_ms = RELUCTANT_MS;
    int count = epoll_wait(carrier->epoll_fd, events, EVENTS, wait_ms);
    if (carrier->count < carrier->most && monotonic_ms() >= carrier->full_until_ms) carrier->full = false;
    for (int i = 0; i < count; i++) {
      struct source *source = events[i].data.ptr;
      source->ready(source, events[i].events);
    }
    wait_ms = advance_tunnels(carrier);
    open_or_shut(carrier);
  }
}
