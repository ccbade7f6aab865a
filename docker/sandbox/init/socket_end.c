#include "socket_end.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void remember(struct source *source, uint32_t events) {
  struct socket_end *end = (struct socket_end *)source;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) end->readable = true;
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) end->writable = true;
  if (events & (EPOLLHUP | EPOLLERR)) end->gone = true;
}

bool socket_end_open(struct socket_end *end, int fd, int epoll_fd) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = end};
  *end = (struct socket_end){.source = {remember}, .fd = fd, .readable = true, .writable = true};
  return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

void socket_end_close(struct socket_end *end) {
  if (end->fd >= 0) close(end->fd);
  end->fd = -1;
}

/* Leaves the bytes alone: pages that are never used are never touched. */
void flow_reset(struct flow *flow) {
  flow->start = flow->end = 0;
  flow->ended = flow->done = false;
}

bool flow_fill(struct flow *flow, struct socket_end *from) {
  if (flow->ended || !from->readable || flow->end == FLOW_BYTES) return false;
  ssize_t got = recv(from->fd, flow->bytes + flow->end, FLOW_BYTES - flow->end, 0);
  if (got > 0) {
    flow->end += (size_t)got;
    return true;
  }
  if (got < 0 && errno == EINTR) return true;
  if (got < 0 && errno == EAGAIN) {
    from->readable = false;
    return false;
  }
  /* A reset ends the stream like an orderly close: what came before it still reaches the other side. */
  flow->ended = true;
  return true;
}

bool flow_drain(struct flow *flow, struct socket_end *to) {
  if (flow->start == flow->end || !to->writable) return false;
  ssize_t sent = send(to->fd, flow->bytes + flow->start, flow->end - flow->start, MSG_NOSIGNAL);
  if (sent >= 0) {
    flow->start += (size_t)sent;
    if (flow->start == flow->end) flow->start = flow->end = 0;
    return true;
  }
  if (errno == EINTR) return true;
  if (errno == EAGAIN) {
    to->writable = false;
    return false;
  }
  /* The sink takes no more; its own direction may still go on. */
  flow->start = flow->end = 0;
  flow->ended = flow->done = true;
  return true;
}

bool flow_move(struct flow *flow, struct socket_end *from, struct socket_end *to) {
  if (flow->done) return false;
  bool moved = flow_fill(flow, from);
  moved |= flow_drain(flow, to);
  if (!flow->done && ((flow->ended && flow->start == flow->end) || to->gone)) {
    shutdown(to->fd, SHUT_WR);
    flow->done = true;
    moved = true;
  }
  return moved;
}
