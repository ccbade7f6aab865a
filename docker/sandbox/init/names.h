#pragma once

#include "host_name.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_NAMES = 1024, MAX_FIXED_NAMES = 20 };

/* A name that the sandbox has asked for, and the loopback address that stands for it. */
struct name {
  char text[MAX_NAME_BYTES + 1]; /* empty: this place is free */
  struct in_addr address;
  uint64_t used; /* when it was last asked for, in questions */
  size_t live;   /* connections to it; while there are some it keeps its place */
};

/* A name whose address is given. */
struct fixed_name {
  char text[MAX_NAME_BYTES + 1];
  struct in_addr address;
};

/*
 * The names of a sandbox. Each has an address of its own within 127.64.0.0/10, which depends on the name alone as long as
 * no other one has it: a program that remembers it finds the same name there, also after a restart.
 */
struct names {
  size_t most; /* 1 to MAX_NAMES */
  uint64_t questions;
  size_t fixed_count;
  struct fixed_name fixed[MAX_FIXED_NAMES];
  struct name all[MAX_NAMES];
};

/* Gives a name this address for good; false when there is no room. */
bool names_fix(struct names *names, const char *text, struct in_addr address);

/* The address that was given it for good, or NULL. */
const struct in_addr *names_fixed(const struct names *names, const char *text);

/*
 * The name's place. A new name may take that of the one that was longest not asked for and has no connections; `is_new`
 * then says that whatever belonged to that one has to go. NULL: all are in use.
 */
struct name *names_take(struct names *names, const char *text, bool *is_new);

/* The name that an address stands for, or NULL. */
const char *names_at(const struct names *names, struct in_addr address);
