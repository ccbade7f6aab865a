#pragma once

#include "source.h"
#include "tunnel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Carries the connections of a sandbox's clients over the gateway's Unix socket; the heart of a helper. */
struct carrier {
  const char *gateway_path;
  int epoll_fd;
  int entrance_fd; /* readable while clients wait: a listening socket, or an epoll instance of several */
  struct source *entrance;
  bool is_shut; /* the entrance is not looked at for a moment */
  bool full;    /* as many tunnels as there may be, or no descriptor or memory for one more */
  int64_t full_until_ms; /* then the latter is tried again: nothing tells when there is some */
  size_t count, most;
  struct tunnel *tunnels;
};

/* Exits with a message when it cannot. `most`: how many connections at once, two descriptors each. */
void carrier_open(struct carrier *carrier, const char *gateway_path, size_t most);

/* Watches a descriptor for input, level-triggered. False when the kernel cannot. */
bool carrier_watch(const struct carrier *carrier, int fd, struct source *source);

/* Watches what clients come through; called once. */
void carrier_set_entrance(struct carrier *carrier, int fd, struct source *source);

/*
 * Takes the clients that wait at a listening socket to `target`: `host:port`, or empty for bytes as they are. `live`
 * counts how many there are, as long as they last; NULL for nobody who wants to know.
 */
void carrier_accept(struct carrier *carrier, int listening_fd, const char *target, size_t *live);

_Noreturn void carrier_run(struct carrier *carrier);
