/* uses: environment.c */
#include "harness.h"

#include "environment.h"

#include <string.h>
#include <strings.h>

enum { MAX_ENTRIES = 64 };

static void check(const struct environment *environment) {
  for (size_t i = 0; i < environment->count; i++) {
    const char *entry = environment->entries[i], *equals = strchr(entry, '=');
    MUST(equals != NULL && equals > entry);
    MUST(strncmp(entry, "LD_", 3) != 0 && strncmp(entry, "GIT_", 4) != 0 && strncmp(entry, "REPO_TOKEN=", 11) != 0);
    MUST(strncmp(entry, "RELACE_", 7) != 0 && strncmp(entry, "DAYPASS_", 8) != 0);
    MUST(equals - entry < 6 || strncasecmp(equals - 6, "_PROXY", 6) != 0);
    for (size_t other = 0; other < i; other++) {
      MUST(strncmp(environment->entries[other], entry, (size_t)(equals - entry) + 1) != 0);
    }
  }
  MUST(environment->entries[environment->count] == NULL);
}

/* An image's variables, each ended by a NUL. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  struct environment environment;
  char *inherited[MAX_ENTRIES + 1], *text = malloc(length + 1);
  size_t count = 0;
  memcpy(text, bytes, length);
  text[length] = '\0';
  for (char *entry = text; entry <= text + length && count < MAX_ENTRIES; entry += strlen(entry) + 1) {
    inherited[count++] = entry;
  }
  inherited[count] = NULL;
  environment_open(&environment);
  if (setjmp(harness_gave_up) == 0) {
    environment_add_image(&environment, inherited);
    check(&environment);
  } else {
    MUST(false && "an image's variables are never malformed");
  }
  environment_wipe(&environment);
  free(environment.entries);
  free(text);
  return 0;
}
