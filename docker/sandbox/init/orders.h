#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { ORDER_HEADER_BYTES = 5, MAX_ORDER_BYTES = 1 << 20, MAX_WAITING_BYTES = 4 << 20 };

/* One order, cut into its fields. */
struct order {
  struct order *next;
  char type;
  size_t count;
  char **fields; /* NULL-terminated, so that its tail can serve as an argv */
  const char *bytes; /* of an order `I`: what follows its only field */
  size_t bytes_length;
  size_t length;
  char payload[]; /* where the fields lie */
};

/* What comes in from a worker: the order that is being read, and those that wait for a step to end. */
struct orders {
  unsigned char header[ORDER_HEADER_BYTES];
  size_t got; /* bytes of the order that is being read, header included */
  struct order *incoming; /* NULL until its header is complete */
  struct order *first, *last;
  size_t waiting_bytes;
};

enum orders_read { ORDERS_NO_MORE_YET, ORDERS_ONE, ORDERS_GONE };

/*
 * Reads on from a nonblocking socket, to the end of one order at most. ORDERS_ONE gives it to the caller; ORDERS_GONE:
 * nobody is at the other end any more. Exits with a message when the input is malformed.
 */
enum orders_read orders_read(struct orders *orders, int fd, struct order **order);

/* No more may be read before one of the waiting orders is taken: a worker that is too fast has to wait. */
bool orders_full(const struct orders *orders);

void orders_add(struct orders *orders, struct order *order);

/* The order that has waited longest, for the caller to free; NULL for none. */
struct order *orders_take(struct orders *orders);

/* Forgets the half of an order that has come in. */
void orders_forget_incoming(struct orders *orders);

/* Forgets also what waits. */
void orders_forget(struct orders *orders);

/* Overwrites its bytes too, which may hold secrets. NULL is fine. */
void order_free(struct order *order);
