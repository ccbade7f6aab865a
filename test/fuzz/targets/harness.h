#pragma once

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * For targets of libFuzzer around parts of init. Where init would exit with a message, the harness goes on with the next
 * input: that it says no is fine, that it breaks is not.
 */
extern jmp_buf harness_gave_up;

/* Ends the fuzzer with the input kept, when what must hold does not. */
#define MUST(condition) ((condition) ? (void)0 : harness_broken(#condition, __FILE__, __LINE__))
_Noreturn void harness_broken(const char *condition, const char *file, int line);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
