#pragma once

#include <stddef.h>

/* The environment of steps and agent: what the image sets, and over it what the worker orders. */
struct environment {
  char **entries; /* NULL-terminated `KEY=VALUE` */
  size_t count;
};

void environment_open(struct environment *environment, char *const *inherited);

/* Adds `KEY=VALUE`, replacing an entry of the same key. Exits with a message when there is no key. */
void environment_set(struct environment *environment, const char *entry);

/* Overwrites every entry, once nothing more is to be started. */
void environment_wipe(struct environment *environment);
