#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { MAX_REPORT_BYTES = 64 * 1024 };

/* What waits to be collected on standard output. Bounded: whoever wants to add asks `reports_have_room` first. */
struct reports {
  int fd;
  unsigned char *bytes;
  size_t start, end;
  int64_t retry_at_ms; /* 0, or when to try again although the reading end is closed */
};

void reports_open(struct reports *reports, int fd);

/* Room for one report of the greatest length and the few short ones that one order can cause. */
bool reports_have_room(const struct reports *reports);

bool reports_pending(const struct reports *reports);

/* Adds a report whose payload is these NUL-terminated strings; the list ends with NULL. */
void report(struct reports *reports, char type, ...) __attribute__((sentinel));

/* Adds a report with these bytes; at most MAX_REPORT_BYTES. */
void report_bytes(struct reports *reports, char type, const void *bytes, size_t length);

/* Reads from `fd` straight into a report; returns as read(2) does, and adds nothing when that is not above 0. */
ssize_t report_from(struct reports *reports, char type, int fd);

/* Writes what standard output takes. A closed reading end is no error: somebody may open it again. */
void reports_flush(struct reports *reports);
