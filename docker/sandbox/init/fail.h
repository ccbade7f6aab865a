#pragma once

/* The order stream is broken or init itself is: sysexits' EX_SOFTWARE. */
enum { EXIT_MALFORMED = 70 };

/* Says on standard error what is wrong and exits at once; the kernel then ends everything else in the sandbox. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whom a failure is told to as well, before the exit; NULL for nobody, as at first. */
void fail_tells(void (*tell)(const char *text));
