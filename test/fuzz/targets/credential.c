/* uses: */
#include "harness.h"

/* The harness' own folder comes first, and this file has the name of what it is about. */
#include "/src/init/credential.c"

/* What git writes to its credential helper. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  static const char origin[] = "http://127.0.0.1:7080";
  if (length == 0) return 0;
  FILE *request = fmemopen((void *)bytes, length, "r");
  if (request == NULL) return 0;
  bool fits = is_for(origin, request);
  fclose(request);
  /* Both lines stand there, each a whole line of its own. */
  if (fits) {
    MUST(memmem(bytes, length, "protocol=http", 13) != NULL);
    MUST(memmem(bytes, length, "host=127.0.0.1:7080", 19) != NULL);
  }
  return 0;
}
