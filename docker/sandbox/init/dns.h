#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/* Of a query that is read, more than any resolver sends; of a reply, which fits every resolver's UDP. */
enum { MAX_QUERY_BYTES = 4096, MAX_REPLY_BYTES = 512 };

/* Who knows the names. Names are those of `is_host_name`. */
struct dns_zone {
  /* False: there is no address left to give. */
  bool (*address_of)(void *context, const char *name, struct in_addr *address);
  /* NULL: nobody has it. */
  const char *(*name_at)(void *context, struct in_addr address);
  void *context;
};

/*
 * Answers a query (RFC 1035; EDNS: RFC 6891) into `reply`, of MAX_REPLY_BYTES; gives its bytes, 0 for no reply at all.
 * Host names have an IPv4 address and nothing else; other names do not exist. Nobody else is ever asked.
 */
size_t dns_answer(const unsigned char *query, size_t length, unsigned char *reply, const struct dns_zone *zone);
