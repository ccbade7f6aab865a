#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char DEFAULT_PATH[] = "/bin:/usr/bin";

static const char *path_in(char **env) {
  for (; *env != NULL; env++) {
    if (strncmp(*env, "PATH=", 5) == 0) return *env + 5;
  }
  return DEFAULT_PATH;
}

/* What the file's first bytes say of a failed exec. */
static void look_into(const char *file, struct program_failure *failure) {
  char head[sizeof failure->interpreter + 3] = "";
  struct stat found;
  int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  failure->mode = stat(file, &found) == 0 && S_ISREG(found.st_mode) ? found.st_mode & 0777 : 0;
  ssize_t got = fd < 0 ? -1 : read(fd, head, sizeof head - 1);
  if (fd >= 0) close(fd);
  if (got < 4) return;
  failure->is_elf = memcmp(head, "\177ELF", 4) == 0;
  if (failure->error != ENOENT || head[0] != '#' || head[1] != '!') return;
  const char *start = head + 2 + strspn(head + 2, " \t");
  snprintf(failure->interpreter, sizeof failure->interpreter, "%.*s", (int)strcspn(start, " \t\n"), start);
}

static void run_by_shell(const char *file, char **argv, char **env) {
  size_t count = 0;
  while (argv[count] != NULL) count++;
  char **shell_argv = calloc(count + 2, sizeof *shell_argv);
  if (shell_argv == NULL) return;
  shell_argv[0] = "sh";
  shell_argv[1] = (char *)file;
  for (size_t i = 1; i < count; i++) shell_argv[i + 1] = argv[i];
  execve("/bin/sh", shell_argv, env);
  free(shell_argv);
}

/* Whether the search is over: there is such a program, and it cannot be run. */
static bool try(const char *file, char **argv, char **env, struct program_failure *failure) {
  struct program_failure found = {0};
  execve(file, argv, env);
  found.error = errno;
  bool is_there = access(file, F_OK) == 0;
  if (!is_there && (found.error == ENOENT || found.error == ENOTDIR)) return false;
  look_into(file, &found);
  if (found.error == ENOEXEC && !found.is_elf) {
    run_by_shell(file, argv, env);
    found.error = errno;
  }
  *failure = found;
  /* Another one of that name may be run, further on. */
  return found.error != EACCES;
}

void program_become(char **argv, char **env, struct program_failure *failure) {
  char file[PATH_MAX];
  *failure = (struct program_failure){.error = ENOENT};
  if (strchr(argv[0], '/') != NULL) {
    try(argv[0], argv, env, failure);
    return;
  }
  if (argv[0][0] == '\0') return;
  const char *place = path_in(env);
  for (;;) {
    size_t length = strcspn(place, ":");
    int written = snprintf(file, sizeof file, "%.*s%s%s", (int)length, place, length == 0 ? "" : "/", argv[0]);
    if (written < (int)sizeof file && try(file, argv, env, failure)) return;
    if (place[length] == '\0') return;
    place += length + 1;
  }
}

int program_exit_code(const struct program_failure *failure) {
  return failure->error == ENOENT && failure->mode == 0 ? 127 : 126;
}

void program_explain(const struct program_failure *failure, char *reason, size_t size) {
  size_t length = strlen(failure->interpreter);
  bool has_return = length > 0 && failure->interpreter[length - 1] == '\r';
  if (has_return) {
    snprintf(reason, size, "its first line names %.*s and ends with a carriage return; write it with line ends of Unix",
             (int)length - 1, failure->interpreter);
  } else if (length > 0) {
    snprintf(reason, size, "its interpreter %s is not there", failure->interpreter);
  } else if (failure->is_elf && failure->error == ENOENT) {
    snprintf(reason, size, "its loader is not there: it was built for another C library");
  } else if (failure->is_elf && failure->error == ENOEXEC) {
    snprintf(reason, size, "it was built for another architecture");
  } else if (failure->error == EACCES && failure->mode != 0 && (failure->mode & 0111) == 0) {
    snprintf(reason, size, "%s: its mode is %o; make it executable with chmod +x", strerror(failure->error), failure->mode);
  } else {
    snprintf(reason, size, "%s", strerror(failure->error));
  }
}
