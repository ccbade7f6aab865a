#pragma once

/*
 * Serves the listening socket for good: each connection is carried to `target` (`host:port`) through the gateway's Unix
 * socket; an empty target passes the bytes as they are. Runs in a process of its own and ends only with the sandbox.
 */
_Noreturn void forward(int listening_fd, const char *target, const char *gateway_path);
