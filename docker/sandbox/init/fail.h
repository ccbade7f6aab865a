#pragma once

/* The order stream is broken or init itself is: sysexits' EX_SOFTWARE. */
enum { EXIT_MALFORMED = 70 };

/* Says on standard error what is wrong and exits at once; the kernel then ends everything else in the sandbox. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
