#pragma once

#include <stddef.h>

/* Why a program could not be become. Small enough to go through a pipe in one piece. */
struct program_failure {
  int error;             /* errno of the exec */
  unsigned mode;         /* permission bits of the file that was found; 0 when there was none */
  char interpreter[128]; /* of a script whose interpreter is not there; empty otherwise */
  char is_elf;           /* the file is a binary */
};

/*
 * As execvp(3), which looks `argv[0]` up in the PATH of `env`. Returns only when it fails. A text without an interpreter is
 * run by /bin/sh, as shells do; a binary of another architecture is not.
 */
void program_become(char **argv, char **env, struct program_failure *failure);

/* 127 when there is no such program, else 126. */
int program_exit_code(const struct program_failure *failure);

/* The reason as what follows `cannot run PROGRAM: `. */
void program_explain(const struct program_failure *failure, char *reason, size_t size);
