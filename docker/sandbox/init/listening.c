#include "listening.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

bool parse_port(const char *text, long least, in_port_t *port) {
  char *end;
  if (text[0] < '0' || text[0] > '9') return false;
  long number = strtol(text, &end, 10);
  *port = (in_port_t)number;
  return *end == '\0' && number >= least && number <= 65535;
}

bool parse_address(const char *address_text, const char *port_text, struct sockaddr_in *address, char *reason,
                   size_t size) {
  in_port_t port;
  *address = (struct sockaddr_in){.sin_family = AF_INET};
  if (inet_pton(AF_INET, address_text, &address->sin_addr) != 1) {
    return snprintf(reason, size, "%.64s is not an IPv4 address", address_text), false;
  }
  if (!parse_port(port_text, 0, &port)) return snprintf(reason, size, "%.16s is not a port", port_text), false;
  address->sin_port = htons(port);
  return true;
}

int listen_at(const struct sockaddr_in *address, int type, int backlog) {
  int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  /* Connections of before that have not quite ended yet must not keep a listener away. */
  bool is_set = type != SOCK_STREAM || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) == 0;
  if (is_set && bind(fd, (const struct sockaddr *)address, sizeof *address) == 0 &&
      (type != SOCK_STREAM || listen(fd, backlog) == 0)) {
    return fd;
  }
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

void bound_address(int fd, struct sockaddr_in *address) {
  socklen_t length = sizeof *address;
  getsockname(fd, (struct sockaddr *)address, &length);
}
