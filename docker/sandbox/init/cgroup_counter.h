#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A line `KEY NUMBER` of a file in which the kernel says what happened in the sandbox's control group. */
struct cgroup_counter {
  int fd; /* -1: this machine does not say */
  const char *key;
};

/* Looks for the first of these files below `directory` that has the key; the list ends with NULL. */
void cgroup_counter_open(struct cgroup_counter *counter, const char *directory, const char *key, const char *const *files);

/* False when it does not say. */
bool cgroup_counter_read(const struct cgroup_counter *counter, uint64_t *value);
