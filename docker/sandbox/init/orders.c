#include "orders.h"

#include "fail.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static size_t payload_length(const unsigned char *header) {
  return (size_t)header[1] << 24 | (size_t)header[2] << 16 | (size_t)header[3] << 8 | header[4];
}

static struct order *order_open(const unsigned char *header) {
  size_t length = payload_length(header);
  if (memchr("EUFNSAWQKTI", header[0], 11) == NULL) fail("order of unknown type 0x%02x", header[0]);
  if (length > MAX_ORDER_BYTES) fail("order '%c' of %zu bytes is longer than %d", header[0], length, MAX_ORDER_BYTES);
  struct order *order = malloc(sizeof *order + length);
  if (order == NULL) fail("no memory for an order of %zu bytes", length);
  *order = (struct order){.type = (char)header[0], .length = length};
  return order;
}

/* Its bytes may hold anything, NUL too. */
static void cut_off_field(struct order *order) {
  char *end = memchr(order->payload, '\0', order->length);
  if (end == NULL) fail("order 'I' has no offset");
  order->count = 1;
  order->fields = calloc(2, sizeof *order->fields);
  if (order->fields == NULL) fail("no memory for an order of 1 field");
  order->fields[0] = order->payload;
  order->bytes = end + 1;
  order->bytes_length = order->length - (size_t)(end + 1 - order->payload);
}

static void cut_into_fields(struct order *order) {
  char *field = order->payload;
  if (order->type == 'I') {
    cut_off_field(order);
    return;
  }
  if (order->length > 0 && field[order->length - 1] != '\0') fail("order '%c' does not end with a NUL", order->type);
  for (size_t i = 0; i < order->length; i++) order->count += field[i] == '\0';
  order->fields = calloc(order->count + 1, sizeof *order->fields);
  if (order->fields == NULL) fail("no memory for an order of %zu fields", order->count);
  for (size_t i = 0; i < order->count; i++) {
    order->fields[i] = field;
    field += strlen(field) + 1;
  }
}

/* Where the next byte belongs, and how many go there at most. */
static void *space(struct orders *orders, size_t *wanted) {
  if (orders->incoming == NULL) {
    *wanted = ORDER_HEADER_BYTES - orders->got;
    return orders->header + orders->got;
  }
  size_t of_payload = orders->got - ORDER_HEADER_BYTES;
  *wanted = orders->incoming->length - of_payload;
  return orders->incoming->payload + of_payload;
}

enum orders_read orders_read(struct orders *orders, int fd, struct order **order) {
  for (;;) {
    size_t wanted;
    void *to = space(orders, &wanted);
    if (wanted == 0) break;
    ssize_t got = recv(fd, to, wanted, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return ORDERS_NO_MORE_YET;
    if (got <= 0) return ORDERS_GONE;
    orders->got += (size_t)got;
    if (orders->got == ORDER_HEADER_BYTES) orders->incoming = order_open(orders->header);
  }
  *order = orders->incoming;
  orders->incoming = NULL;
  orders->got = 0;
  cut_into_fields(*order);
  return ORDERS_ONE;
}

static size_t weight(const struct order *order) { return sizeof *order + order->length; }

bool orders_full(const struct orders *orders) { return orders->waiting_bytes >= MAX_WAITING_BYTES; }

void orders_add(struct orders *orders, struct order *order) {
  order->next = NULL;
  if (orders->first == NULL) orders->first = order;
  else orders->last->next = order;
  orders->last = order;
  orders->waiting_bytes += weight(order);
}

struct order *orders_take(struct orders *orders) {
  struct order *order = orders->first;
  if (order == NULL) return NULL;
  orders->first = order->next;
  orders->waiting_bytes -= weight(order);
  return order;
}

void orders_forget_incoming(struct orders *orders) {
  order_free(orders->incoming);
  orders->incoming = NULL;
  orders->got = 0;
}

void orders_forget(struct orders *orders) {
  orders_forget_incoming(orders);
  for (struct order *order; (order = orders_take(orders)) != NULL;) order_free(order);
}

void order_free(struct order *order) {
  if (order == NULL) return;
  explicit_bzero(order->payload, order->length);
  free(order->fields);
  free(order);
}
