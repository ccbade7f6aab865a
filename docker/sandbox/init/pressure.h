#pragma once

#include "cgroup_counter.h"
#include "reports.h"
#include "used_up.h"

#include <stdbool.h>
#include <stdint.h>

enum { PRESSURE_DISKS = 3 };

/* A place of the sandbox where files can be written, up to a limit. */
struct pressed_disk {
  const char *path;
  const char *what; /* what there is none of: `bytes` or `inodes` */
  bool is_full;
  struct used_up used_up;
};

/* What the sandbox has used up of what it may have: the kernel tells nobody else, and a child's end tells nobody why. */
struct pressure {
  struct cgroup_counter memory_kills, refused_forks;
  struct used_up memory, pids;
  struct pressed_disk disks[PRESSURE_DISKS];
  int64_t look_at_ms;
};

/* `cgroup_directory`: where the kernel shows the sandbox its own control groups, of version 1 or 2. */
void pressure_open(struct pressure *pressure, const char *cgroup_directory);

/* Looks, when it is time to. Milliseconds until it is again. */
int64_t pressure_watch(struct pressure *pressure, struct reports *reports);

/* Looks now. */
void pressure_look(struct pressure *pressure);

/* Reports what is not reported yet; not while reports wait for the file. */
void pressure_tell(struct pressure *pressure, struct reports *reports, bool last);

/*
 * Whether the kernel killed something for want of memory shortly before: `memory` or NULL; `unknown` where it does not say
 * what it kills.
 */
const char *pressure_cause_of_kill(const struct pressure *pressure, int64_t at_ms);
