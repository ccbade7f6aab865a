"""What attacks from inside a sandbox have in common. It lies in every attacker's repo."""

import ctypes
import errno
import os
import socket
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)


def hole(what):
    print("HOLE:", what, flush=True)


def call(number, *args):
    """A system call by its number on x86-64; raises what the kernel says."""
    result = libc.syscall(ctypes.c_long(number), *args)
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result


def denied(what, act):
    """The act must be refused by the kernel."""
    try:
        got = act()
    except OSError as error:
        print("denied:", what, errno.errorcode.get(error.errno, error.errno), flush=True)
        return
    hole(f"{what}: {got!r}")


GATEWAY = "/run/daypass/gateway.sock"


def at_gateway(request, timeout=5):
    """Sends bytes to the gateway and gives all that comes back."""
    with socket.socket(socket.AF_UNIX) as gateway:
        gateway.settimeout(timeout)
        gateway.connect(GATEWAY)
        try:
            gateway.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = b""
        try:
            while chunk := gateway.recv(65536):
                answer += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        return answer.decode("utf-8", "replace")
