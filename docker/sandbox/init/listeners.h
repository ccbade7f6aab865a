#pragma once

#include "helper.h"
#include "tunnel.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

enum { MAX_LISTENERS = 16 };

/* A listening socket of the sandbox and the forwarder process that serves it. */
struct listener {
  struct sockaddr_in address; /* with the port that was given */
  int fd; /* init keeps it open too, so a new forwarder finds the connections that wait */
  char target[MAX_TARGET_BYTES]; /* `host:port`; empty: the client speaks CONNECT itself */
  struct helper forwarder;
};

struct listeners {
  const char *gateway_path;
  size_t count;
  struct listener all[MAX_LISTENERS];
};

/*
 * Carries out an order `F` (fields: listen address, listen port, target host, target port). `address` gets where it
 * listens, which matters when port 0 was asked for. What is listened on already for the same target is left as it is, and
 * is a success. False with the reason in words when it cannot be.
 */
bool listeners_add(struct listeners *listeners, char **fields, struct sockaddr_in *address, char *reason, size_t size);

/* Starts the forwarders that do not run. Milliseconds until it wants to be called again; -1 for no need. */
int listeners_serve(struct listeners *listeners);

/* Notes the end of a child; false when it was no forwarder. */
bool listeners_lost(struct listeners *listeners, pid_t pid);
