#pragma once

#include <stdint.h>

/* For deadlines: does not jump when the machine's time is set. */
int64_t monotonic_ms(void);

/* For reports: milliseconds since 1970. */
int64_t wall_clock_ms(void);
