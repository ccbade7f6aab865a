/* uses: dns.c names.c host_name.c */
#include "harness.h"

#include "dns.h"
#include "names.h"

#include <arpa/inet.h>
#include <string.h>

/* Few places, so that names push one another out. */
enum { PLACES = 4 };

static struct names names;
static unsigned asked;

static bool address_of(void *context, const char *text, struct in_addr *address) {
  bool is_new;
  (void)context;
  MUST(is_host_name(text));
  struct name *name = names_take(&names, text, &is_new);
  if (name == NULL) return false;
  /* Some are held by connections for a while. */
  name->live = ++asked % 5 == 0;
  MUST(strcmp(name->text, text) == 0);
  MUST(strcmp(names_at(&names, name->address), text) == 0);
  MUST(ntohl(name->address.s_addr) >> 22 == 0x7f400000 >> 22);
  *address = name->address;
  return true;
}

static const char *name_at(void *context, struct in_addr address) {
  (void)context;
  return names_at(&names, address);
}

static void ask(const uint8_t *query, size_t length) {
  static const struct dns_zone zone = {.address_of = address_of, .name_at = name_at};
  unsigned char *reply = malloc(MAX_REPLY_BYTES);
  size_t got = dns_answer(query, length, reply, &zone);
  MUST(got <= MAX_REPLY_BYTES && (got == 0 || got >= 12));
  if (got > 0) {
    MUST(memcmp(reply, query, 2) == 0);
    MUST((reply[2] & 0x80) != 0 && reply[4] == 0 && reply[5] <= 1 && reply[6] == 0 && reply[7] <= 1);
    MUST(reply[5] == 0 || memcmp(reply + 12, query + 12, 5) == 0);
  }
  free(reply);
}

/* Queries one after another, each with its length in two bytes, as over TCP; the last one may be without. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  memset(&names, 0, sizeof names.all[0] * PLACES + offsetof(struct names, all));
  names.most = PLACES;
  while (length > 2) {
    size_t wanted = (size_t)bytes[0] << 8 | bytes[1];
    if (wanted > length - 2) wanted = length - 2;
    /* A copy of its own, so that reading past its end is seen. */
    uint8_t *query = malloc(wanted + 1);
    memcpy(query, bytes + 2, wanted);
    query = realloc(query, wanted == 0 ? 1 : wanted);
    ask(query, wanted);
    free(query);
    bytes += 2 + wanted;
    length -= 2 + wanted;
  }
  return 0;
}
