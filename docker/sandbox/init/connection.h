#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The socket that workers connect to, and the one worker that does: the latest. */
struct connection {
  int listening_fd;
  int fd;         /* -1: nobody */
  bool greeted;   /* it was told where in the file of reports its own time begins */
  uint64_t hinted; /* how long the file was when it was last told that there is more */
};

/* Listens at this path. Exits with a message when it cannot. */
void connection_listen(struct connection *connection, const char *path);

/* True when a worker has come; the one before it is cut off. */
bool connection_accept(struct connection *connection);

/* Tells the worker how long the file of reports is: once the number, then only that there is more. */
void connection_tell(struct connection *connection, uint64_t file_bytes);

void connection_close(struct connection *connection);
