#include "fail.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

static void (*tell_also)(const char *text);

void fail_tells(void (*tell)(const char *text)) { tell_also = tell; }

void fail(const char *format, ...) {
  char text[512];
  void (*tell)(const char *) = tell_also;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  dprintf(STDERR_FILENO, "daypass init: %s\n", text);
  tell_also = NULL; /* telling may fail in its turn */
  if (tell != NULL) tell(text);
  _exit(EXIT_MALFORMED);
}
