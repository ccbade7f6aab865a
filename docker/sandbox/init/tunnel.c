#include "tunnel.h"

#include "clock.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { DIAL_MS = 10 * 1000, REDIAL_MS = 100, ANSWER_MS = 60 * 1000, MAX_ANSWER_BYTES = 8 * 1024, FAIR_ROUNDS = 16 };

struct tunnel *tunnel_open(int client, const char *target, const char *gateway_path, int epoll_fd, size_t *live) {
  struct tunnel *tunnel = malloc(sizeof *tunnel);
  if (tunnel == NULL) {
    close(client);
    return NULL;
  }
  int64_t now = monotonic_ms();
  memset(tunnel, 0, offsetof(struct tunnel, up));
  flow_reset(&tunnel->up);
  flow_reset(&tunnel->down);
  snprintf(tunnel->target, sizeof tunnel->target, "%s", target);
  tunnel->gateway_path = gateway_path;
  tunnel->live = live;
  if (live != NULL) ++*live;
  tunnel->epoll_fd = epoll_fd;
  tunnel->dial_until_ms = now + DIAL_MS;
  tunnel->next_dial_ms = now;
  tunnel->gateway.fd = -1;
  if (!socket_end_open(&tunnel->client, client, epoll_fd)) {
    tunnel_close(tunnel);
    return NULL;
  }
  return tunnel;
}

/* An orderly end would look like an empty answer of the target itself. */
static void reset(const struct socket_end *client) {
  struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void tunnel_close(struct tunnel *tunnel) {
  if (tunnel->state != RELAYING) reset(&tunnel->client);
  socket_end_close(&tunnel->client);
  socket_end_close(&tunnel->gateway);
  if (tunnel->live != NULL) --*tunnel->live;
  free(tunnel);
}

static int redial_later(struct tunnel *tunnel, int64_t now_ms) {
  socket_end_close(&tunnel->gateway);
  tunnel->state = DIALLING;
  if (now_ms >= tunnel->dial_until_ms) return TUNNEL_ENDED;
  tunnel->next_dial_ms = now_ms + REDIAL_MS;
  return REDIAL_MS;
}

static bool connect_gateway(struct tunnel *tunnel) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  strncpy(address.sun_path, tunnel->gateway_path, sizeof address.sun_path - 1);
  /* A Unix socket connects at once or not at all: EAGAIN says that the gateway's backlog is full. */
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
      !socket_end_open(&tunnel->gateway, fd, tunnel->epoll_fd)) {
    close(fd);
    tunnel->gateway.fd = -1;
    return false;
  }
  return true;
}

static int dial(struct tunnel *tunnel, int64_t now_ms) {
  const char *target = tunnel->target;
  if (tunnel->client.gone) return TUNNEL_ENDED;
  if (now_ms < tunnel->next_dial_ms) return (int)(tunnel->next_dial_ms - now_ms);
  if (!connect_gateway(tunnel)) return redial_later(tunnel, now_ms);
  if (target[0] == '\0') {
    tunnel->state = RELAYING;
    return 0;
  }
  flow_reset(&tunnel->up);
  flow_reset(&tunnel->down);
  tunnel->up.end = (size_t)snprintf((char *)tunnel->up.bytes, FLOW_BYTES, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n",
                                    target, target);
  tunnel->answer_until_ms = now_ms + ANSWER_MS;
  tunnel->state = ASKING;
  return 0;
}

/* Bytes of the answer's head including its empty line; 0 while it is not complete. */
static size_t head_length(const struct flow *down) {
  const unsigned char *found = memmem(down->bytes, down->end, "\r\n\r\n", 4);
  return found == NULL ? 0 : (size_t)(found - down->bytes) + 4;
}

static bool is_accepted(const struct flow *down) {
  static const char prefix[] = "HTTP/1.1 200";
  size_t length = sizeof prefix - 1;
  return memcmp(down->bytes, prefix, length) == 0 && (down->bytes[length] == ' ' || down->bytes[length] == '\r');
}

static int ask(struct tunnel *tunnel, int64_t now_ms) {
  if (tunnel->client.gone || now_ms >= tunnel->answer_until_ms) return TUNNEL_ENDED;
  while (flow_drain(&tunnel->up, &tunnel->gateway)) continue;
  while (flow_fill(&tunnel->down, &tunnel->gateway)) continue;
  size_t head = head_length(&tunnel->down);
  if (head > 0) {
    if (!is_accepted(&tunnel->down)) return TUNNEL_ENDED;
    tunnel->down.start = head;
    if (head == tunnel->down.end) tunnel->down.start = tunnel->down.end = 0;
    tunnel->state = RELAYING;
    return 0;
  }
  /* Nothing of the client's went out yet, so a gateway that died before it answered can be asked again. */
  if (tunnel->down.ended && tunnel->down.end == 0) return redial_later(tunnel, now_ms);
  if (tunnel->down.ended || tunnel->down.end >= MAX_ANSWER_BYTES) return TUNNEL_ENDED;
  return (int)(tunnel->answer_until_ms - now_ms);
}

static int relay(struct tunnel *tunnel) {
  for (int round = 0; round < FAIR_ROUNDS; round++) {
    bool moved = flow_move(&tunnel->up, &tunnel->client, &tunnel->gateway);
    moved |= flow_move(&tunnel->down, &tunnel->gateway, &tunnel->client);
    if (tunnel->up.done && tunnel->down.done) return TUNNEL_ENDED;
    if (!moved) return -1;
  }
  return 0; /* more to do, but it is the others' turn */
}

int tunnel_advance(struct tunnel *tunnel, int64_t now_ms) {
  int wait_ms = 0;
  if (tunnel->state == DIALLING) wait_ms = dial(tunnel, now_ms);
  if (tunnel->state == ASKING) wait_ms = ask(tunnel, now_ms);
  if (tunnel->state == RELAYING) wait_ms = relay(tunnel);
  return wait_ms;
}
