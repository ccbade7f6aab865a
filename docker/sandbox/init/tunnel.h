#pragma once

#include "socket_end.h"

enum { TUNNEL_ENDED = -2 };

enum { MAX_TARGET_BYTES = 320 };

/* A client's connection and the one to the gateway that carries it. */
struct tunnel {
  struct tunnel *next;
  const char *gateway_path;
  size_t *live; /* counts it; or NULL */
  int epoll_fd;
  enum { DIALLING, ASKING, RELAYING } state;
  int64_t dial_until_ms; /* a gateway that is restarting is waited for until then */
  int64_t next_dial_ms;
  int64_t answer_until_ms;
  struct socket_end client, gateway;
  char target[MAX_TARGET_BYTES]; /* `host:port`; empty: bytes as they are */
  struct flow up, down;
};

/* Takes `client` over, also when it fails: NULL, for want of memory or descriptors. */
struct tunnel *tunnel_open(int client, const char *target, const char *gateway_path, int epoll_fd, size_t *live);

/*
 * Goes as far as possible without blocking. Milliseconds until it wants to go on by itself, -1 when only an event can
 * help, TUNNEL_ENDED when it is to be closed.
 */
int tunnel_advance(struct tunnel *tunnel, int64_t now_ms);

/* A client whose connection was not accepted sees it reset. */
void tunnel_close(struct tunnel *tunnel);
