#include "reports.h"

#include "clock.h"
#include "fail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_BYTES = 16, FOR_SHORT_REPORTS = 16 * 1024, RETRY_MS = 500 };
enum { CAPACITY = HEADER_BYTES + MAX_REPORT_BYTES + FOR_SHORT_REPORTS };

void reports_create(struct reports *reports, const char *path) {
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  /* The worker takes the directory away from this user once init is up. */
  if (fd < 0 && (errno == EEXIST || errno == EACCES)) fail("this sandbox was started before");
  if (fd < 0 || fchmod(fd, 0644) != 0) fail("cannot create %s: %s", path, strerror(errno));
  *reports = (struct reports){.fd = fd, .bytes = malloc(CAPACITY)};
  if (reports->bytes == NULL) fail("no memory for reports");
}

bool reports_pending(const struct reports *reports) { return reports->start < reports->end; }

bool reports_have_room(const struct reports *reports) {
  return reports->written + (reports->end - reports->start) - reports->stored < MAX_UNSTORED_BYTES;
}

static unsigned char *payload_space(struct reports *reports, size_t length) {
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

void report(struct reports *reports, int type, ...) {
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
  report_bytes(reports, (char)type, payload, length);
}

ssize_t report_from(struct reports *reports, char type, int fd, size_t most) {
  if (most > MAX_REPORT_BYTES) most = MAX_REPORT_BYTES;
  ssize_t got = read(fd, payload_space(reports, most), most);
  if (got <= 0) return got;
  commit(reports, type, (size_t)got);
  reports_flush(reports);
  return got;
}

void reports_flush(struct reports *reports) {
  while (reports_pending(reports)) {
    ssize_t written = write(reports->fd, reports->bytes + reports->start, reports->end - reports->start);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      /* Nothing tells when a full file system has room again. */
      int64_t now = monotonic_ms();
      reports->retry_at_ms = now + RETRY_MS;
      if (reports->failing_since_ms == 0) reports->failing_since_ms = now;
      return;
    }
    reports->start += (size_t)written;
    reports->written += (uint64_t)written;
    reports->failing_since_ms = 0;
  }
  reports->retry_at_ms = 0;
  reports->start = reports->end = 0;
}

bool reports_release(struct reports *reports, uint64_t position) {
  if (position > reports->written) return false;
  if (position <= reports->stored) return true;
  reports->stored = position;
  /* From the beginning, because only whole pages are given back: the last one of before is whole now. */
  fallocate(reports->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)position);
  return true;
}
