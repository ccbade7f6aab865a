#pragma once

/* Closes every file descriptor from this one on. */
void close_from(int first);
