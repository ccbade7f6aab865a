/* uses: host_name.c listening.c */
#include "harness.h"

#include "host_name.h"
#include "listening.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static void check_port(const char *text) {
  in_port_t port;
  char again[8];
  if (!parse_port(text, 1, &port)) return;
  MUST(port >= 1);
  snprintf(again, sizeof again, "%u", port);
  MUST(strcmp(again, text + strspn(text, "0")) == 0);
}

static void check_address(const char *address_text, const char *port_text) {
  struct sockaddr_in address;
  char reason[64] = "", again[INET_ADDRSTRLEN];
  if (!parse_address(address_text, port_text, &address, reason, sizeof reason)) {
    MUST(reason[0] != '\0' && strlen(reason) < sizeof reason);
    return;
  }
  inet_ntop(AF_INET, &address.sin_addr, again, sizeof again);
  MUST(strcmp(again, address_text) == 0);
}

static void check_name(const char *text) {
  struct in_addr address;
  if (is_localhost(text)) MUST(strlen(text) >= 9);
  if (!is_host_name(text)) return;
  /* Nothing that could end a line or a word of HTTP, and nothing that a resolver would take for an address. */
  MUST(strlen(text) <= MAX_NAME_BYTES && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-")] == '\0');
  MUST(inet_aton(text, &address) == 0);
}

/* Three strings, the first two ended by a NUL. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  char *text = malloc(length + 3);
  memcpy(text, bytes, length);
  memset(text + length, 0, 3);
  const char *second = text + strlen(text) + 1;
  const char *third = second + strlen(second) + 1;
  check_port(text);
  check_address(text, second);
  check_name(text);
  if (third < text + length + 3) check_name(third);
  free(text);
  return 0;
}
