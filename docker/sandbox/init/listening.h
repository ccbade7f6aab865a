#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/* A decimal port from `least` to 65535. */
bool parse_port(const char *text, long least, in_port_t *port);

/* An IPv4 address and a port; 0 for one that is free. False with the reason in words. */
bool parse_address(const char *address_text, const char *port_text, struct sockaddr_in *address, char *reason,
                   size_t size);

/* A nonblocking socket bound there, and listening when it is a SOCK_STREAM. -1 with errno. */
int listen_at(const struct sockaddr_in *address, int type, int backlog);

/* Where it is bound, with the port that was given. */
void bound_address(int fd, struct sockaddr_in *address);
