#include "pressure.h"

#include "clock.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/statvfs.h>

enum { LOOK_EVERY_MS = 500, KILL_TAKES_MS = 5000 };
/* A file system gives a large write all that it asks for or nothing, so one that is full has a little left. */
enum { FULL_BELOW_BYTES = 1024 * 1024, EMPTIER_SHARE = 64 };

static const char *const DISKS[PRESSURE_DISKS] = {"/workspace", "/tmp", "/home/agent"};

void pressure_open(struct pressure *pressure, const char *cgroup_directory) {
  *pressure = (struct pressure){0};
  cgroup_counter_open(&pressure->memory_kills, cgroup_directory, "oom_kill",
                      (const char *const[]){"memory.events", "memory/memory.oom_control", NULL});
  cgroup_counter_open(&pressure->refused_forks, cgroup_directory, "max",
                      (const char *const[]){"pids.events", "pids/pids.events", NULL});
  for (int i = 0; i < PRESSURE_DISKS; i++) pressure->disks[i].path = DISKS[i];
}

static void look_at_counter(const struct cgroup_counter *counter, struct used_up *used_up, int64_t now_ms) {
  uint64_t count;
  if (cgroup_counter_read(counter, &count)) used_up_count(used_up, count, now_ms);
}

/* Full once, however often something is written and removed at the edge of it. */
static void look_at_disk(struct pressed_disk *disk, int64_t now_ms) {
  struct statvfs found;
  if (statvfs(disk->path, &found) != 0 || found.f_blocks == 0) return;
  uint64_t unit = found.f_frsize, left = found.f_bavail * unit, size = found.f_blocks * unit;
  bool no_bytes = left < FULL_BELOW_BYTES, no_inodes = found.f_files > 0 && found.f_favail == 0;
  if (!disk->is_full && (no_bytes || no_inodes)) {
    disk->is_full = true;
    disk->what = no_bytes ? "bytes" : "inodes";
    used_up_count(&disk->used_up, disk->used_up.count + 1, now_ms);
  } else if (disk->is_full && left >= 2 * (uint64_t)FULL_BELOW_BYTES + size / EMPTIER_SHARE &&
             (found.f_files == 0 || found.f_favail > found.f_files / EMPTIER_SHARE)) {
    disk->is_full = false;
  }
}

void pressure_look(struct pressure *pressure) {
  int64_t now_ms = monotonic_ms();
  look_at_counter(&pressure->memory_kills, &pressure->memory, now_ms);
  look_at_counter(&pressure->refused_forks, &pressure->pids, now_ms);
  for (int i = 0; i < PRESSURE_DISKS; i++) look_at_disk(&pressure->disks[i], now_ms);
}

static void tell(struct used_up *used_up, struct reports *reports, const char *const *words, int64_t now_ms, bool last) {
  char count[24];
  if (reports_pending(reports) || !used_up_to_tell(used_up, now_ms, last)) return;
  snprintf(count, sizeof count, "%llu", (unsigned long long)used_up->told);
  report(reports, 'H', words[0], words[1], words[2], count, NULL);
  reports_flush(reports);
}

void pressure_tell(struct pressure *pressure, struct reports *reports, bool last) {
  int64_t now_ms = monotonic_ms();
  tell(&pressure->memory, reports, (const char *const[]){"memory", "", ""}, now_ms, last);
  tell(&pressure->pids, reports, (const char *const[]){"pids", "", ""}, now_ms, last);
  for (int i = 0; i < PRESSURE_DISKS; i++) {
    struct pressed_disk *disk = &pressure->disks[i];
    tell(&disk->used_up, reports, (const char *const[]){"disk", disk->path, disk->what}, now_ms, last);
  }
}

int64_t pressure_watch(struct pressure *pressure, struct reports *reports) {
  int64_t now_ms = monotonic_ms();
  if (now_ms >= pressure->look_at_ms) {
    pressure->look_at_ms = now_ms + LOOK_EVERY_MS;
    pressure_look(pressure);
    pressure_tell(pressure, reports, false);
  }
  return pressure->look_at_ms - now_ms;
}

const char *pressure_cause_of_kill(const struct pressure *pressure, int64_t at_ms) {
  if (pressure->memory_kills.fd < 0) return "unknown";
  int64_t last_ms = pressure->memory.last_ms;
  /* A process with much memory takes its time to die. */
  return last_ms != 0 && at_ms - last_ms <= KILL_TAKES_MS ? "memory" : NULL;
}
