#pragma once

#include "helper.h"
#include "name_server.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/* Init's side of the sandbox's names: the sockets on which DNS comes in, what the server is to know, and its process. */
struct name_service {
  const char *gateway_path;
  bool is_ordered;
  struct sockaddr_in address; /* with the port that was given */
  int udp_fd, tcp_fd; /* init keeps them open too, so a new server finds the queries that wait */
  int settings_fd; /* to the server; -1: none */
  bool has_news;
  struct name_settings settings;
  struct helper server;
};

void name_service_open(struct name_service *service, const char *gateway_path);

/* Gives a name this address, whatever else is asked for; one that has an address keeps it. */
void name_service_fix(struct name_service *service, const char *name, struct in_addr address);

/*
 * Carries out an order `N` (fields: listen address, listen port, then the ports that connections are taken on). From the
 * second on it changes the ports. `address` gets where DNS is answered. False with the reason in words.
 */
bool name_service_order(struct name_service *service, char **fields, size_t count, struct sockaddr_in *address,
                        char *reason, size_t size);

/* Starts the server if it does not run, and tells it what is new. Milliseconds until the next call; -1 for no need. */
int name_service_serve(struct name_service *service);

/* Notes the end of a child; false when it was not the server. */
bool name_service_lost(struct name_service *service, pid_t pid);
