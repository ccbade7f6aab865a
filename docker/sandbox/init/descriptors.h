#pragma once

/* Opens /dev/null in place of a standard descriptor that is closed, so that no file of ours takes its number. */
void fill_standard_descriptors(void);

/* Closes every file descriptor from this one on. */
void close_from(int first);
