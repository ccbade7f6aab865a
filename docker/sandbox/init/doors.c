#include "doors.h"

#include "fail.h"
#include "listening.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 128, EVENTS = 64 };

static void client_waits(struct source *source, uint32_t events) {
  struct door *door = (struct door *)source;
  struct doors *doors = door->doors;
  char target[MAX_TARGET_BYTES];
  /* It may have been closed since the kernel said so. */
  if (!door->is_open) return;
  (void)events;
  size_t at = (size_t)(door - &doors->all[0][0]);
  struct name *name = &doors->names->all[at / MAX_PORTS];
  snprintf(target, sizeof target, "%s:%u", name->text, doors->ports[at % MAX_PORTS]);
  carrier_accept(doors->carrier, door->fd, target, &name->live);
}

static void clients_wait(struct source *source, uint32_t events) {
  struct doors *doors = (struct doors *)source;
  struct epoll_event waiting[EVENTS];
  (void)events;
  int count = epoll_wait(doors->epoll_fd, waiting, EVENTS, 0);
  for (int i = 0; i < count; i++) {
    struct source *door = waiting[i].data.ptr;
    door->ready(door, waiting[i].events);
  }
}

void doors_open(struct doors *doors, struct carrier *carrier, struct names *names) {
  doors->source = (struct source){clients_wait};
  doors->carrier = carrier;
  doors->names = names;
  /* Behind a descriptor of their own, so that all of them can be left alone at once while no more is carried. */
  doors->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (doors->epoll_fd < 0) fail("epoll: %s", strerror(errno));
  carrier_set_entrance(carrier, doors->epoll_fd, &doors->source);
}

static size_t place_of(const struct doors *doors, const struct name *name) { return (size_t)(name - doors->names->all); }

static void open_door(struct doors *doors, const struct name *name, size_t at) {
  struct door *door = &doors->all[place_of(doors, name)][at];
  if (door->is_open || doors->ports[at] == 0) return;
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_addr = name->address, .sin_port = htons(doors->ports[at])};
  int fd = listen_at(&address, SOCK_STREAM, BACKLOG);
  if (fd < 0) return;
  *door = (struct door){.source = {client_waits}, .doors = doors, .is_open = true, .fd = fd};
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = &door->source};
  if (epoll_ctl(doors->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0) return;
  close(fd);
  door->is_open = false;
}

static void close_door(struct doors *doors, const struct name *name, size_t at) {
  struct door *door = &doors->all[place_of(doors, name)][at];
  if (door->is_open) close(door->fd);
  door->is_open = false;
}

void doors_open_for(struct doors *doors, const struct name *name) {
  for (size_t at = 0; at < MAX_PORTS; at++) open_door(doors, name, at);
}

void doors_close_for(struct doors *doors, const struct name *name) {
  for (size_t at = 0; at < MAX_PORTS; at++) close_door(doors, name, at);
}

/* As many as half of the descriptors are good for: the other half is for connections. */
static size_t most_names(size_t port_count) {
  struct rlimit limit = {.rlim_cur = 2 * MAX_DOORS};
  getrlimit(RLIMIT_NOFILE, &limit);
  size_t most_doors = limit.rlim_cur / 2 < MAX_DOORS ? limit.rlim_cur / 2 : MAX_DOORS;
  size_t most = most_doors / (port_count == 0 ? 1 : port_count);
  if (most == 0) return 1;
  return most < MAX_NAMES ? most : MAX_NAMES;
}

static void forget_names_from(struct doors *doors, size_t first) {
  for (size_t i = first; i < doors->names->most; i++) {
    doors_close_for(doors, &doors->names->all[i]);
    doors->names->all[i].text[0] = '\0';
  }
}

static bool contains(const in_port_t *ports, size_t count, in_port_t port) {
  for (size_t i = 0; i < count; i++) {
    if (ports[i] == port) return true;
  }
  return false;
}

static void drop_port(struct doors *doors, size_t at) {
  for (size_t i = 0; i < doors->names->most; i++) close_door(doors, &doors->names->all[i], at);
  doors->ports[at] = 0;
}

static void add_port(struct doors *doors, in_port_t port) {
  size_t at = 0;
  if (contains(doors->ports, MAX_PORTS, port)) return;
  while (at < MAX_PORTS && doors->ports[at] != 0) at++;
  if (at == MAX_PORTS) return;
  doors->ports[at] = port;
  for (size_t i = 0; i < doors->names->most; i++) {
    if (doors->names->all[i].text[0] != '\0') open_door(doors, &doors->names->all[i], at);
  }
}

void doors_set_ports(struct doors *doors, const in_port_t *ports, size_t count) {
  size_t most = most_names(count);
  forget_names_from(doors, most);
  doors->names->most = most;
  for (size_t at = 0; at < MAX_PORTS; at++) {
    if (doors->ports[at] != 0 && !contains(ports, count, doors->ports[at])) drop_port(doors, at);
  }
  for (size_t i = 0; i < count; i++) {
    if (ports[i] != 0) add_port(doors, ports[i]);
  }
}
