#pragma once

#include "source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { FLOW_BYTES = 64 * 1024 };

/* One of a tunnel's two sockets. Watched edge-triggered, so readiness is remembered until the kernel says EAGAIN. */
struct socket_end {
  struct source source;
  int fd; /* -1: none */
  bool readable, writable;
  bool gone; /* the other side is closed in both directions */
};

/* One direction of a tunnel: bytes read from one end that the other has not taken yet. */
struct flow {
  unsigned char bytes[FLOW_BYTES];
  size_t start, end;
  bool ended; /* the source has no more */
  bool done;  /* all was passed on, and the sink was told so */
};

/* Starts to watch a socket. False when the kernel cannot. */
bool socket_end_open(struct socket_end *end, int fd, int epoll_fd);

void socket_end_close(struct socket_end *end);

void flow_reset(struct flow *flow);

/* Read into the flow, write from it: true when something moved, so that trying again may help. */
bool flow_fill(struct flow *flow, struct socket_end *from);
bool flow_drain(struct flow *flow, struct socket_end *to);

/* Both, and passes the end of the stream on once all before it is through. */
bool flow_move(struct flow *flow, struct socket_end *from, struct socket_end *to);
