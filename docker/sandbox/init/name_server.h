#pragma once

#include "doors.h"
#include "names.h"

#include <stddef.h>

/* What the name server is told by init: everything at once, in one packet. */
struct name_settings {
  size_t port_count, fixed_count;
  in_port_t ports[MAX_PORTS];
  struct fixed_name fixed[MAX_FIXED_NAMES];
};

/*
 * Answers DNS on the two sockets, gives each name an address, and carries what is connected to there to the gateway. New
 * settings come as packets. Runs in a process of its own and ends only with the sandbox.
 */
_Noreturn void serve_names(int udp_fd, int tcp_fd, int settings_fd, const struct name_settings *settings,
                           const char *gateway_path);
