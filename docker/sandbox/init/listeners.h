#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { MAX_LISTENERS = 16, MAX_TARGET_BYTES = 320 };

/* A listening socket of the sandbox and the forwarder process that serves it. */
struct listener {
  struct sockaddr_in address; /* with the port that was given */
  int fd; /* init keeps it open too, so a new forwarder finds the connections that wait */
  char target[MAX_TARGET_BYTES]; /* `host:port`; empty: the client speaks CONNECT itself */
  pid_t forwarder;               /* 0: none runs */
  int64_t started_ms;
};

struct listeners {
  const char *gateway_path;
  size_t count;
  struct listener all[MAX_LISTENERS];
};

/*
 * Carries out an order `F` (fields: listen address, listen port, target host, target port). `port` gets the port that is
 * listened on, which matters when 0 was asked for. What is listened on already for the same target is left as it is, and
 * is a success. False with the reason in words when it cannot be.
 */
bool listeners_add(struct listeners *listeners, char **fields, char *port, size_t port_size, char *reason, size_t size);

/* Starts the forwarders that do not run. Milliseconds until it wants to be called again; -1 for no need. */
int listeners_serve(struct listeners *listeners);

/* Notes the end of a child; false when it was no forwarder. */
bool listeners_lost(struct listeners *listeners, pid_t pid);
