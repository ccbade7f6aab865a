#pragma once

#include <stdbool.h>

enum { MAX_NAME_BYTES = 253, MAX_LABEL_BYTES = 63 };

/*
 * Whether this could be a host's name: labels of lower-case letters, digits and inner hyphens (RFC 1123, 2.1), the last
 * one no number, since that would be an address. Names below `invalid` are no host's (RFC 6761, 6.4).
 */
bool is_host_name(const char *text);

/* `localhost`, or a name below it: this host, whoever asks (RFC 6761, 6.3). */
bool is_localhost(const char *name);
