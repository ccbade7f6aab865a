#include "cgroup_counter.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool cgroup_counter_read(const struct cgroup_counter *counter, uint64_t *value) {
  char text[1024];
  size_t key_length = strlen(counter->key);
  if (counter->fd < 0) return false;
  /* From the beginning: then the kernel writes it anew. */
  ssize_t got = pread(counter->fd, text, sizeof text - 1, 0);
  if (got < 0) return false;
  text[got] = '\0';
  for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
    if (*line == '\n') line++;
    if (strncmp(line, counter->key, key_length) != 0 || line[key_length] != ' ') continue;
    *value = strtoull(line + key_length, NULL, 10);
    return true;
  }
  return false;
}

void cgroup_counter_open(struct cgroup_counter *counter, const char *directory, const char *key, const char *const *files) {
  uint64_t value;
  *counter = (struct cgroup_counter){.fd = -1, .key = key};
  for (; *files != NULL; files++) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", directory, *files);
    counter->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (cgroup_counter_read(counter, &value)) return;
    if (counter->fd >= 0) close(counter->fd);
    counter->fd = -1;
  }
}
