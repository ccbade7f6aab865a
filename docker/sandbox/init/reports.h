#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Of a report's payload; of what may lie in the file before the agent has to wait. */
enum { MAX_REPORT_BYTES = 64 * 1024, MAX_UNSTORED_BYTES = 8 * 1024 * 1024 };

/*
 * The file of reports. It only grows, so a position in it never changes its meaning. What the file did not take yet (its
 * file system is full) waits in memory; whoever has a choice adds nothing while something waits there.
 */
struct reports {
  int fd;
  unsigned char *bytes; /* from `start` to `end`: not yet in the file */
  size_t start, end;
  uint64_t written; /* bytes appended to the file */
  uint64_t stored;  /* up to here somebody else has it for good */
  int64_t retry_at_ms; /* 0, or when to try to write again */
  int64_t failing_since_ms; /* 0: the last attempt to write was no failure */
};

/* Creates the file, which only the first init of a sandbox can; any other exits with a message. */
void reports_create(struct reports *reports, const char *path);

/* Something is not in the file yet. */
bool reports_pending(const struct reports *reports);

/* Fewer than MAX_UNSTORED_BYTES wait to be stored by somebody else. */
bool reports_have_room(const struct reports *reports);

/* Adds a report whose payload is these NUL-terminated strings; the list ends with NULL. */
void report(struct reports *reports, int type, ...) __attribute__((sentinel));

/* Adds a report with these bytes; at most MAX_REPORT_BYTES. */
void report_bytes(struct reports *reports, char type, const void *bytes, size_t length);

/*
 * Reads up to `most` bytes from `fd` straight into a report; returns as read(2) does, and adds nothing when that is not
 * above 0. Only while nothing is pending.
 */
ssize_t report_from(struct reports *reports, char type, int fd, size_t most);

/* Appends to the file what is pending, as far as it goes. */
void reports_flush(struct reports *reports);

/*
 * Gives the memory of what lies before this position of the file back. A position before an earlier one changes nothing;
 * false when the file is not that long.
 */
bool reports_release(struct reports *reports, uint64_t position);
