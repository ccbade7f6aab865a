#pragma once

#include "carrier.h"
#include "dns.h"
#include "source.h"

#include <stdbool.h>
#include <stdint.h>

enum { MAX_DNS_STREAMS = 16, DNS_LENGTH_BYTES = 2 };

struct dns_streams;

/* A client that asks over TCP: each message has its length before it (RFC 1035, 4.2.2). */
struct dns_stream {
  struct source source;
  struct dns_streams *streams;
  bool is_open;
  int fd;
  uint64_t began; /* in streams */
  size_t got;
  unsigned char query[DNS_LENGTH_BYTES + MAX_QUERY_BYTES];
};

struct dns_streams {
  struct source source;
  const struct carrier *carrier;
  const struct dns_zone *zone;
  int listening_fd;
  uint64_t count;
  struct dns_stream all[MAX_DNS_STREAMS];
};

/* Answers queries at a listening socket. Exits with a message when it cannot. */
void dns_streams_open(struct dns_streams *streams, const struct carrier *carrier, int listening_fd,
                      const struct dns_zone *zone);
