#pragma once

#include <stddef.h>
#include <stdint.h>

enum { MAX_INPUT_BYTES = 1 << 20 };

/* What the agent reads from its standard input: a file in memory alone. */
struct input {
  int fd; /* -1: nothing was ordered, the agent reads /dev/null */
};

void input_open(struct input *input);

/* Puts these bytes at this offset. To do it again changes nothing. Exits with a message when it does not fit. */
void input_write(struct input *input, uint64_t offset, const char *bytes, size_t length);

/* The file at its beginning, of which nothing can be changed from now on; -1 for none. */
int input_seal(struct input *input);

/* Init needs it no more; who has it as a descriptor keeps it. */
void input_forget(struct input *input);
