#include "forward.h"

#include "clock.h"
#include "descriptors.h"
#include "fail.h"
#include "tunnel.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LISTENING_FD = 3, EVENTS = 256, MAX_TUNNELS = 1024, OWN_DESCRIPTORS = 8, RELUCTANT_MS = 100 };

struct forwarder {
  int epoll_fd;
  size_t count, most;
  struct tunnel *tunnels;
  bool full; /* as many tunnels as there may be, or no memory: no more connections for a moment */
  struct dial dial;
};

/* Init's orders, reports and the agent's pipes are no business of the forwarder. */
static void leave_init_behind(int listening_fd) {
  sigset_t none;
  fail_tells(NULL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  prctl(PR_SET_NAME, "forwarder");
  int null = open("/dev/null", O_RDWR);
  if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0) fail("forwarder: no /dev/null");
  if (listening_fd != LISTENING_FD) dup2(listening_fd, LISTENING_FD);
  close_from(LISTENING_FD + 1);
}

/* How many tunnels the limit of descriptors is good for, two to each. */
static size_t most_tunnels(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return MAX_TUNNELS;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max >= 2 * MAX_TUNNELS + OWN_DESCRIPTORS) return MAX_TUNNELS;
  return limit.rlim_max < 2 + OWN_DESCRIPTORS ? 1 : (limit.rlim_max - OWN_DESCRIPTORS) / 2;
}

static void accept_clients(struct forwarder *forwarder) {
  while (forwarder->count < forwarder->most) {
    int client = accept4(LISTENING_FD, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (client < 0) {
      forwarder->full = errno != EAGAIN;
      return;
    }
    // The gateway's answers come in small pieces; waiting for the client's acknowledgement (Nagle) would add its 40 ms of
    // delay to each exchange of a git clone.
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct tunnel *tunnel = tunnel_open(client, &forwarder->dial, forwarder->epoll_fd);
    if (tunnel == NULL) {
      forwarder->full = true;
      return;
    }
    tunnel->next = forwarder->tunnels;
    forwarder->tunnels = tunnel;
    forwarder->count++;
  }
  forwarder->full = true;
}

/* Lets every tunnel go as far as it can; milliseconds until one of them wants to go on by itself, or -1. */
static int advance_tunnels(struct forwarder *forwarder) {
  int soonest = -1;
  int64_t now = monotonic_ms();
  for (struct tunnel **link = &forwarder->tunnels; *link != NULL;) {
    struct tunnel *tunnel = *link;
    int wait_ms = tunnel_advance(tunnel, now);
    if (wait_ms == TUNNEL_ENDED) {
      *link = tunnel->next;
      tunnel_close(tunnel);
      forwarder->count--;
      forwarder->full = false;
      continue;
    }
    if (wait_ms >= 0 && (soonest < 0 || wait_ms < soonest)) soonest = wait_ms;
    link = &tunnel->next;
  }
  return soonest;
}

static void watch_listener(struct forwarder *forwarder) {
  struct epoll_event event = {.events = forwarder->full ? 0 : EPOLLIN, .data.ptr = NULL};
  if (epoll_ctl(forwarder->epoll_fd, EPOLL_CTL_MOD, LISTENING_FD, &event) != 0) fail("forwarder: %s", strerror(errno));
}

void forward(int listening_fd, const char *target, const char *gateway_path) {
  leave_init_behind(listening_fd);
  struct forwarder forwarder = {.epoll_fd = epoll_create1(EPOLL_CLOEXEC),
                                .most = most_tunnels(),
                                .dial = {.target = target, .gateway_path = gateway_path}};
  struct epoll_event listening = {.events = EPOLLIN, .data.ptr = NULL};
  if (forwarder.epoll_fd < 0 || epoll_ctl(forwarder.epoll_fd, EPOLL_CTL_ADD, LISTENING_FD, &listening) != 0) {
    fail("forwarder: %s", strerror(errno));
  }
  for (int wait_ms = -1;;) {
    struct epoll_event events[EVENTS];
    bool was_full = forwarder.full;
    if (was_full && (wait_ms < 0 || wait_ms > RELUCTANT_MS)) wait_ms = RELUCTANT_MS;
    int count = epoll_wait(forwarder.epoll_fd, events, EVENTS, wait_ms);
    bool clients_wait = was_full;
    forwarder.full = false;
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr == NULL) clients_wait = true;
      if (events[i].data.ptr != NULL) socket_end_ready(events[i].data.ptr, events[i].events);
    }
    if (clients_wait) accept_clients(&forwarder);
    wait_ms = advance_tunnels(&forwarder);
    if (forwarder.full != was_full) watch_listener(&forwarder);
  }
}
