#include "dns_streams.h"

#include "fail.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { QUERIES_IN_A_ROW = 16 };

static void close_stream(struct dns_stream *stream) {
  close(stream->fd);
  stream->is_open = false;
}

/* How many bytes the query has with its length; those of the length alone while that is not there. */
static size_t wanted(const struct dns_stream *stream) {
  if (stream->got < DNS_LENGTH_BYTES) return DNS_LENGTH_BYTES;
  return DNS_LENGTH_BYTES + ((size_t)stream->query[0] << 8 | stream->query[1]);
}

/* False: this client gets no more. One that takes no replies, and they are small, is not waited for. */
static bool answer(struct dns_stream *stream) {
  unsigned char reply[DNS_LENGTH_BYTES + MAX_REPLY_BYTES];
  size_t length = dns_answer(stream->query + DNS_LENGTH_BYTES, stream->got - DNS_LENGTH_BYTES, reply + DNS_LENGTH_BYTES,
                             stream->streams->zone);
  stream->got = 0;
  reply[0] = (unsigned char)(length >> 8);
  reply[1] = (unsigned char)length;
  length += DNS_LENGTH_BYTES;
  return length > DNS_LENGTH_BYTES && send(stream->fd, reply, length, MSG_NOSIGNAL) == (ssize_t)length;
}

enum progress { NOTHING_YET, SOME, OVER };

static enum progress read_on(struct dns_stream *stream) {
  size_t want = wanted(stream);
  if (want > sizeof stream->query) return OVER;
  if (stream->got == want) return answer(stream) ? SOME : OVER;
  ssize_t got = recv(stream->fd, stream->query + stream->got, want - stream->got, 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR ? NOTHING_YET : OVER;
  stream->got += (size_t)got;
  return got == 0 ? OVER : SOME;
}

static void stream_ready(struct source *source, uint32_t events) {
  struct dns_stream *stream = (struct dns_stream *)source;
  enum progress progress = SOME;
  (void)events;
  if (!stream->is_open) return;
  for (int i = 0; i < 3 * QUERIES_IN_A_ROW && progress == SOME; i++) progress = read_on(stream);
  if (progress == OVER) close_stream(stream);
}

/* A free place, or that of the client that has been here longest: idle ones cannot keep others out. */
static struct dns_stream *place(struct dns_streams *streams) {
  struct dns_stream *oldest = &streams->all[0];
  for (size_t i = 0; i < MAX_DNS_STREAMS; i++) {
    struct dns_stream *stream = &streams->all[i];
    if (!stream->is_open) return stream;
    if (stream->began < oldest->began) oldest = stream;
  }
  close_stream(oldest);
  return oldest;
}

static void clients_wait(struct source *source, uint32_t events) {
  struct dns_streams *streams = (struct dns_streams *)source;
  (void)events;
  int fd = accept4(streams->listening_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  struct dns_stream *stream = place(streams);
  stream->source = (struct source){stream_ready};
  stream->streams = streams;
  stream->fd = fd;
  stream->got = 0;
  stream->began = ++streams->count;
  stream->is_open = true;
  if (!carrier_watch(streams->carrier, fd, &stream->source)) close_stream(stream);
}

void dns_streams_open(struct dns_streams *streams, const struct carrier *carrier, int listening_fd,
                      const struct dns_zone *zone) {
  streams->source = (struct source){clients_wait};
  streams->carrier = carrier;
  streams->zone = zone;
  streams->listening_fd = listening_fd;
  if (!carrier_watch(carrier, listening_fd, &streams->source)) fail("DNS over TCP: %s", strerror(errno));
}
