#include "names.h"

#include <arpa/inet.h>
#include <string.h>

/* 127.64.0.0/10, without its first and last address. */
enum { FIRST_ADDRESS = 0x7f400001, ADDRESSES = (1 << 22) - 2 };

bool names_fix(struct names *names, const char *text, struct in_addr address) {
  if (names->fixed_count == MAX_FIXED_NAMES || strlen(text) > MAX_NAME_BYTES) return false;
  struct fixed_name *fixed = &names->fixed[names->fixed_count++];
  strcpy(fixed->text, text);
  fixed->address = address;
  return true;
}

const struct in_addr *names_fixed(const struct names *names, const char *text) {
  for (size_t i = 0; i < names->fixed_count; i++) {
    if (strcmp(names->fixed[i].text, text) == 0) return &names->fixed[i].address;
  }
  return NULL;
}

static struct name *find(struct names *names, const char *text) {
  for (size_t i = 0; i < names->most; i++) {
    if (strcmp(names->all[i].text, text) == 0) return &names->all[i];
  }
  return NULL;
}

static const struct name *holder_of(const struct names *names, struct in_addr address) {
  for (size_t i = 0; i < names->most; i++) {
    const struct name *name = &names->all[i];
    if (name->text[0] != '\0' && name->address.s_addr == address.s_addr) return name;
  }
  return NULL;
}

/* FNV-1a: it spreads names well, and a sandbox that makes two meet has only its own to confuse. */
static uint32_t hash(const char *text) {
  uint32_t value = 2166136261U;
  for (; *text != '\0'; text++) value = (value ^ (unsigned char)*text) * 16777619U;
  return value;
}

static struct in_addr free_address(const struct names *names, const char *text) {
  for (uint32_t at = hash(text) % ADDRESSES;; at = (at + 1) % ADDRESSES) {
    struct in_addr address = {.s_addr = htonl((uint32_t)FIRST_ADDRESS + at)};
    if (holder_of(names, address) == NULL) return address;
  }
}

/* A free place, else the one that was not asked for the longest. */
static struct name *least_used(struct names *names) {
  struct name *least = NULL;
  for (size_t i = 0; i < names->most; i++) {
    struct name *name = &names->all[i];
    if (name->text[0] == '\0') return name;
    if (name->live == 0 && (least == NULL || name->used < least->used)) least = name;
  }
  return least;
}

struct name *names_take(struct names *names, const char *text, bool *is_new) {
  struct name *name = find(names, text);
  *is_new = name == NULL;
  if (name == NULL) {
    name = least_used(names);
    if (name == NULL) return NULL;
    name->text[0] = '\0';
    name->address = free_address(names, text);
    strcpy(name->text, text);
  }
  name->used = ++names->questions;
  return name;
}

const char *names_at(const struct names *names, struct in_addr address) {
  if (address.s_addr == htonl(INADDR_LOOPBACK)) return "localhost";
  for (size_t i = 0; i < names->fixed_count; i++) {
    if (names->fixed[i].address.s_addr == address.s_addr) return names->fixed[i].text;
  }
  const struct name *name = holder_of(names, address);
  return name != NULL ? name->text : NULL;
}
