#pragma once

#include "carrier.h"
#include "names.h"
#include "source.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/* 443, 80, and as many as a session's allow list can name; and listening sockets in all. */
enum { MAX_PORTS = 66, MAX_DOORS = 4096 };

struct doors;

/* A listening socket at a name's address. */
struct door {
  struct source source;
  struct doors *doors;
  bool is_open;
  int fd;
};

/*
 * Where connections to names arrive: at each name's address, on every port that the session may use. Only there, so that
 * programs of the sandbox have the rest of the loopback network to themselves.
 */
struct doors {
  struct source source;
  struct carrier *carrier;
  struct names *names;
  int epoll_fd;
  in_port_t ports[MAX_PORTS]; /* 0: none in this place */
  struct door all[MAX_NAMES][MAX_PORTS];
};

void doors_open(struct doors *doors, struct carrier *carrier, struct names *names);

/* Opens those of a name that are not open. A port that a program of the sandbox has taken stays that program's. */
void doors_open_for(struct doors *doors, const struct name *name);

void doors_close_for(struct doors *doors, const struct name *name);

/* Opens and closes what differs; connections go on. How many names there may be changes with the number of ports. */
void doors_set_ports(struct doors *doors, const in_port_t *ports, size_t count);
