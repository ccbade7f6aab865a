#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { ORDER_HEADER_BYTES = 5, MAX_ORDER_BYTES = 1 << 20 };

/* One order, cut into its fields. The fields lie in the reader's buffer until `orders_wipe`. */
struct order {
  char type;
  size_t count;
  char **fields; /* NULL-terminated, so that its tail can serve as an argv */
};

/* Holds one order at a time: what comes after it stays in the pipe, so a worker that is too fast waits. */
struct orders {
  int fd;
  bool ended; /* end of the stream, or `Q`: nothing is read any more */
  unsigned char *bytes;
  size_t length;
  struct order current;
};

void orders_open(struct orders *orders, int fd);

/* Reads on without blocking; true when `current` is complete. Exits with a message when the input is malformed. */
bool orders_next(struct orders *orders);

/* Forgets the current order and overwrites its bytes, which may hold secrets. */
void orders_wipe(struct orders *orders);
