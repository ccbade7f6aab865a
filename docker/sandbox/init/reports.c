#include "reports.h"

#include "clock.h"
#include "fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER_BYTES = 16, FOR_SHORT_REPORTS = 16 * 1024, RETRY_MS = 500 };
enum { FOR_ONE_MORE = HEADER_BYTES + MAX_REPORT_BYTES + FOR_SHORT_REPORTS };
enum { CAPACITY = 4 * FOR_ONE_MORE };

void reports_open(struct reports *reports, int fd) {
  *reports = (struct reports){.fd = fd, .bytes = malloc(CAPACITY)};
  if (reports->bytes == NULL) fail("no memory for reports");
}

bool reports_have_room(const struct reports *reports) {
  return CAPACITY - (reports->end - reports->start) >= FOR_ONE_MORE;
}

bool reports_pending(const struct reports *reports) { return reports->start < reports->end; }

static unsigned char *payload_space(struct reports *reports, size_t length) {
  if (CAPACITY - reports->end < HEADER_BYTES + length) {
    memmove(reports->bytes, reports->bytes + reports->start, reports->end - reports->start);
    reports->end -= reports->start;
    reports->start = 0;
  }
  if (CAPACITY - reports->end < HEADER_BYTES + length) fail("a report of %zu bytes does not fit", length);
  return reports->bytes + reports->end + HEADER_BYTES;
}

static void commit(struct reports *reports, char type, size_t length) {
  unsigned char *header = reports->bytes + reports->end;
  uint64_t time = (uint64_t)wall_clock_ms();
  memset(header, 0, HEADER_BYTES);
  header[0] = (unsigned char)type;
  for (int i = 0; i < 4; i++) header[4 + i] = (unsigned char)(length >> (24 - 8 * i));
  for (int i = 0; i < 8; i++) header[8 + i] = (unsigned char)(time >> (56 - 8 * i));
  reports->end += HEADER_BYTES + length;
}

void report_bytes(struct reports *reports, char type, const void *bytes, size_t length) {
  memcpy(payload_space(reports, length), bytes, length);
  commit(reports, type, length);
}

void report(struct reports *reports, char type, ...) {
  char payload[2048];
  size_t length = 0;
  va_list fields;
  va_start(fields, type);
  for (const char *field; (field = va_arg(fields, const char *)) != NULL;) {
    size_t size = strlen(field) + 1;
    if (size > sizeof payload - length) fail("report '%c' is too long", type);
    memcpy(payload + length, field, size);
    length += size;
  }
  va_end(fields);
  report_bytes(reports, type, payload, length);
}

ssize_t report_from(struct reports *reports, char type, int fd) {
  ssize_t got = read(fd, payload_space(reports, MAX_REPORT_BYTES), MAX_REPORT_BYTES);
  if (got > 0) commit(reports, type, (size_t)got);
  return got;
}

void reports_flush(struct reports *reports) {
  while (reports_pending(reports)) {
    ssize_t written = write(reports->fd, reports->bytes + reports->start, reports->end - reports->start);
    if (written < 0) {
      if (errno == EINTR) continue;
      /* poll(2) would return at once for a closed reading end, so only time can tell when to try again. */
      reports->retry_at_ms = errno == EAGAIN ? 0 : monotonic_ms() + RETRY_MS;
      return;
    }
    reports->start += (size_t)written;
  }
  reports->retry_at_ms = 0;
  reports->start = reports->end = 0;
}
