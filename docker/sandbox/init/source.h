#pragma once

#include <stdint.h>

/* Something that an epoll instance watches: its first member. The event's data is its address. */
struct source {
  void (*ready)(struct source *source, uint32_t events);
};
