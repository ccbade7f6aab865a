/* uses: socket_end.c clock.c */
#include "harness.h"

#include "tunnel.c"

#include <sys/epoll.h>

static bool starts_with(const uint8_t *bytes, size_t length, const char *text) {
  return length >= strlen(text) && memcmp(bytes, text, strlen(text)) == 0;
}

/* What a client may get: the bytes behind the head of an answer that says 200. */
static size_t past_head(const uint8_t *bytes, size_t length) {
  const uint8_t *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (end == NULL || !starts_with(bytes, length, "HTTP/1.1 200")) return length;
  return (size_t)(end - bytes) + 4;
}

/* The gateway's answer to CONNECT and whatever comes after it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  int clients[2], gateways[2], epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  static uint8_t got[2 * FLOW_BYTES];
  size_t live = 0;
  if (length > FLOW_BYTES) length = FLOW_BYTES;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, clients) != 0) return 0;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, gateways) != 0) return 0;
  struct tunnel *tunnel = tunnel_open(clients[0], "api.example.com:443", "/nowhere", epoll_fd, &live);
  MUST(live == 1 && socket_end_open(&tunnel->gateway, gateways[0], epoll_fd));
  tunnel->answer_until_ms = INT64_MAX;
  tunnel->state = ASKING;
  MUST(send(gateways[1], bytes, length, MSG_NOSIGNAL) == (ssize_t)length);
  shutdown(gateways[1], SHUT_WR);
  int wait_ms = 0;
  for (int i = 0; i < 64 && wait_ms == 0; i++) wait_ms = tunnel_advance(tunnel, 0);
  ssize_t count = recv(clients[1], got, sizeof got, MSG_DONTWAIT);
  size_t from = past_head(bytes, length);
  if (count > 0) MUST((size_t)count <= length - from && memcmp(got, bytes + from, (size_t)count) == 0);
  tunnel_close(tunnel);
  MUST(live == 0);
  close(clients[1]);
  close(gateways[1]);
  close(epoll_fd);
  return 0;
}
