#include "environment.h"

#include "fail.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char DEFAULT_PATH[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
static const char DEFAULT_LOCALE[] = "LANG=C.UTF-8";

void environment_open(struct environment *environment) {
  *environment = (struct environment){.entries = calloc(1, sizeof(char *))};
  if (environment->entries == NULL) fail("no memory for the environment");
  environment_set(environment, DEFAULT_PATH);
  environment_set(environment, DEFAULT_LOCALE);
}

static bool starts_with(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

bool is_harmless(const char *entry) {
  static const char *const reserved[] = {"REPO_TOKEN=", "RELACE_", "DAYPASS_", "GIT_", "LD_"};
  static const char proxy[] = "_PROXY";
  const char *equals = strchr(entry, '=');
  if (equals == NULL || equals == entry) return false;
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
    if (starts_with(entry, reserved[i])) return false;
  }
  /* Programs read proxy variables in either case. */
  size_t name = (size_t)(equals - entry), suffix = sizeof proxy - 1;
  return name < suffix || strncasecmp(equals - suffix, proxy, suffix) != 0;
}

void environment_add_image(struct environment *environment, char *const *inherited) {
  for (; *inherited != NULL; inherited++) {
    if (is_harmless(*inherited)) environment_set(environment, *inherited);
  }
}

static void wipe_entry(char *entry) {
  explicit_bzero(entry, strlen(entry));
  free(entry);
}

static size_t find(const struct environment *environment, const char *entry, size_t key_and_equals) {
  size_t i = 0;
  while (i < environment->count && strncmp(environment->entries[i], entry, key_and_equals) != 0) i++;
  return i;
}

void environment_set(struct environment *environment, const char *entry) {
  const char *equals = strchr(entry, '=');
  /* The entry itself may be a secret, so the message does not show it. */
  if (equals == NULL || equals == entry) fail("environment entry without a key");
  char *copy = strdup(entry);
  size_t at = find(environment, entry, (size_t)(equals - entry) + 1);
  if (at < environment->count) {
    wipe_entry(environment->entries[at]);
  } else {
    char **grown = realloc(environment->entries, (environment->count + 2) * sizeof *grown);
    if (grown == NULL) fail("no memory for the environment");
    environment->entries = grown;
    environment->entries[++environment->count] = NULL;
  }
  if (copy == NULL) fail("no memory for the environment");
  environment->entries[at] = copy;
}

void environment_wipe(struct environment *environment) {
  for (size_t i = 0; i < environment->count; i++) wipe_entry(environment->entries[i]);
  environment->count = 0;
  environment->entries[0] = NULL;
}
