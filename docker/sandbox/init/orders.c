#include "orders.h"

#include "fail.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void orders_open(struct orders *orders, int fd) {
  *orders = (struct orders){.fd = fd, .bytes = malloc(ORDER_HEADER_BYTES + MAX_ORDER_BYTES)};
  if (orders->bytes == NULL) fail("no memory for orders");
}

static size_t payload_length(const struct orders *orders) {
  const unsigned char *b = orders->bytes;
  return (size_t)b[1] << 24 | (size_t)b[2] << 16 | (size_t)b[3] << 8 | b[4];
}

static void check_header(const struct orders *orders) {
  if (memchr("EFSAWQ", orders->bytes[0], 6) == NULL) fail("order of unknown type 0x%02x", orders->bytes[0]);
  if (payload_length(orders) > MAX_ORDER_BYTES) {
    fail("order '%c' of %zu bytes is longer than %d", orders->bytes[0], payload_length(orders), MAX_ORDER_BYTES);
  }
}

static void cut_into_fields(struct orders *orders) {
  char *payload = (char *)orders->bytes + ORDER_HEADER_BYTES;
  size_t length = orders->length - ORDER_HEADER_BYTES;
  struct order *order = &orders->current;
  *order = (struct order){.type = (char)orders->bytes[0]};
  if (length > 0 && payload[length - 1] != '\0') fail("order '%c' does not end with a NUL", order->type);
  for (size_t i = 0; i < length; i++) order->count += payload[i] == '\0';
  order->fields = calloc(order->count + 1, sizeof *order->fields);
  if (order->fields == NULL) fail("no memory for an order of %zu fields", order->count);
  for (size_t i = 0; i < order->count; i++) {
    order->fields[i] = payload;
    payload += strlen(payload) + 1;
  }
}

bool orders_next(struct orders *orders) {
  size_t wanted = ORDER_HEADER_BYTES;
  if (orders->length >= wanted) wanted += payload_length(orders);
  while (orders->length < wanted) {
    ssize_t got = read(orders->fd, orders->bytes + orders->length, wanted - orders->length);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got < 0) fail("cannot read orders: %s", strerror(errno));
    if (got == 0) {
      /* The worker is gone, perhaps in the middle of an order; the sandbox goes on without it. */
      orders_wipe(orders);
      orders->ended = true;
      return false;
    }
    orders->length += (size_t)got;
    if (orders->length == ORDER_HEADER_BYTES) {
      check_header(orders);
      wanted += payload_length(orders);
    }
  }
  cut_into_fields(orders);
  return true;
}

void orders_wipe(struct orders *orders) {
  explicit_bzero(orders->bytes, orders->length);
  orders->length = 0;
  free(orders->current.fields);
  orders->current = (struct order){0};
}
