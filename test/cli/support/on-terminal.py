"""Runs a program on a terminal of its own and prints what that was sent. Usage: on-terminal.py PROGRAM ARGS…"""
import os
import pty
import sys

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    try:
        shown = os.read(terminal, 65536)
    except OSError:  # EIO: the program has ended
        break
    if not shown:
        break
    sys.stdout.buffer.write(shown)
_, status = os.waitpid(pid, 0)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(status))
