#include "connection.h"

#include "fail.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 8 };

void connection_listen(struct connection *connection, const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) fail("the path %s is too long for a socket", path);
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  /* Who may connect is the directory's business: the worker is another user and takes it away from this one. */
  mode_t before = umask(0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, BACKLOG) != 0) {
    fail("cannot listen on %s: %s", path, strerror(errno));
  }
  umask(before);
  *connection = (struct connection){.listening_fd = fd, .fd = -1};
}

bool connection_accept(struct connection *connection) {
  int fd = accept4(connection->listening_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return false;
  connection_close(connection);
  connection->fd = fd;
  connection->greeted = false;
  return true;
}

static void greet(struct connection *connection, uint64_t file_bytes) {
  unsigned char number[8];
  for (int i = 0; i < 8; i++) number[i] = (unsigned char)(file_bytes >> (56 - 8 * i));
  send(connection->fd, number, sizeof number, MSG_DONTWAIT | MSG_NOSIGNAL);
  connection->greeted = true;
}

/* That the worker is gone shows when its orders are read; that it has many hints unread does not matter. */
void connection_tell(struct connection *connection, uint64_t file_bytes) {
  if (connection->fd < 0) return;
  if (!connection->greeted) greet(connection, file_bytes);
  else if (file_bytes != connection->hinted) send(connection->fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
  connection->hinted = file_bytes;
}

void connection_close(struct connection *connection) {
  if (connection->fd >= 0) close(connection->fd);
  connection->fd = -1;
}
