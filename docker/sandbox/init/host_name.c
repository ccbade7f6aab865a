#include "host_name.h"

#include <stddef.h>
#include <string.h>

static bool is_alphanumeric(char byte) { return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9'); }

/* Bytes of the label that begins here; 0 when it is none. */
static size_t label_length(const char *text) {
  size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
  if (length == 0 || length > MAX_LABEL_BYTES) return 0;
  return is_alphanumeric(text[0]) && is_alphanumeric(text[length - 1]) ? length : 0;
}

/* What inet_aton(3) would take for the end of an address: digits, or 0x and hex digits. */
static bool is_number(const char *label) {
  if (label[0] == '0' && label[1] == 'x') return label[2 + strspn(label + 2, "0123456789abcdef")] == '\0';
  return label[strspn(label, "0123456789")] == '\0';
}

bool is_host_name(const char *text) {
  if (strlen(text) > MAX_NAME_BYTES) return false;
  for (;;) {
    size_t length = label_length(text);
    if (length == 0) return false;
    if (text[length] == '\0') return !is_number(text) && strcmp(text, "invalid") != 0;
    if (text[length] != '.') return false;
    text += length + 1;
  }
}

bool is_localhost(const char *name) {
  static const char suffix[] = ".localhost";
  size_t length = strlen(name), of_suffix = sizeof suffix - 1;
  if (strcmp(name, suffix + 1) == 0) return true;
  return length > of_suffix && strcmp(name + length - of_suffix, suffix) == 0;
}
