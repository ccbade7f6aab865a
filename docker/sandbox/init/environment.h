#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What steps, or the agent, find in their environment. */
struct environment {
  char **entries; /* NULL-terminated `KEY=VALUE` */
  size_t count;
};

/* With no more than a PATH and a locale in which every program says the same. */
void environment_open(struct environment *environment);

/*
 * Adds what the image sets. Names that no request may set either are left out: those that carry the credential, steer git
 * or the loader, or would lead traffic past the gateway (src/session/variable-names.ts).
 */
void environment_add_image(struct environment *environment, char *const *inherited);

/* Whether an entry `KEY=VALUE` of an image is taken over. */
bool is_harmless(const char *entry);

/* Adds `KEY=VALUE`, replacing an entry of the same key. Exits with a message when there is no key. */
void environment_set(struct environment *environment, const char *entry);

/* Overwrites every entry, once nothing more is to be started. */
void environment_wipe(struct environment *environment);
