#include "input.h"

#include "fail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void input_open(struct input *input) { input->fd = -1; }

static void create(struct input *input) {
  input->fd = memfd_create("stdin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  /* It is the agent's to read, also by the name /dev/stdin, and no program. */
  if (input->fd < 0 || fchmod(input->fd, 0400) != 0) fail("cannot make a standard input: %s", strerror(errno));
}

void input_write(struct input *input, uint64_t offset, const char *bytes, size_t length) {
  if (offset > MAX_INPUT_BYTES || length > MAX_INPUT_BYTES - offset) {
    fail("a standard input is longer than %d bytes", MAX_INPUT_BYTES);
  }
  if (input->fd < 0) create(input);
  while (length > 0) {
    ssize_t written = pwrite(input->fd, bytes, length, (off_t)offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("cannot keep the standard input: %s", strerror(errno));
    bytes += written;
    offset += (uint64_t)written;
    length -= (size_t)written;
  }
}

int input_seal(struct input *input) {
  if (input->fd < 0) return -1;
  if (fcntl(input->fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
    fail("cannot seal the standard input: %s", strerror(errno));
  }
  return input->fd;
}

void input_forget(struct input *input) {
  if (input->fd >= 0) close(input->fd);
  input->fd = -1;
}
