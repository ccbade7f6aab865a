#include "descriptors.h"

#include "fail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void fill_standard_descriptors(void) {
  int fd;
  while ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0 && fd <= STDERR_FILENO) continue;
  if (fd < 0) fail("/dev/null: %s", strerror(errno));
  close(fd);
}

void close_from(int first) {
  if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0) return;
  /* An old kernel or a strict seccomp profile: what starts a container hands over few descriptors, and low ones. */
  for (int fd = first; fd < 4096; fd++) close(fd);
}
