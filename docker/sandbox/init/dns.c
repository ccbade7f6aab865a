#include "dns.h"

#include "host_name.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { HEADER_BYTES = 12, MAX_WIRE_NAME_BYTES = 255, MAX_ADDITIONAL = 4, TTL_SECONDS = 60, OUR_UDP_BYTES = 1232 };
enum { TYPE_A = 1, TYPE_PTR = 12, TYPE_OPT = 41, CLASS_IN = 1 };
enum { NO_ERROR = 0, FORMAT_ERROR = 1, SERVER_FAILURE = 2, NO_SUCH_NAME = 3, NOT_IMPLEMENTED = 4, REFUSED = 5 };
enum { BAD_VERSION = 16 };

static const char REVERSE_SUFFIX[] = ".in-addr.arpa";

struct reader {
  const unsigned char *bytes;
  size_t length, at;
};

struct query {
  size_t question_end;
  char name[MAX_WIRE_NAME_BYTES]; /* lower case, without the last dot; empty when no host's could be spelled so */
  unsigned type, class;
  bool has_edns;
  unsigned edns_version;
};

struct writer {
  unsigned char *bytes; /* MAX_REPLY_BYTES */
  size_t at;
};

static bool read_16(struct reader *reader, unsigned *value) {
  if (reader->length - reader->at < 2) return false;
  *value = (unsigned)reader->bytes[reader->at] << 8 | reader->bytes[reader->at + 1];
  reader->at += 2;
  return true;
}

static bool skip(struct reader *reader, size_t count) {
  if (reader->length - reader->at < count) return false;
  reader->at += count;
  return true;
}

/* A byte of a name as text. One that no host's name has becomes one that makes the whole name none. */
static char spelled(unsigned char byte) {
  if (byte >= 'A' && byte <= 'Z') return (char)(byte - 'A' + 'a');
  return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ? (char)byte : '?';
}

/* The name of a question stands first in a packet, so there is nothing that it could point back to. */
static bool read_name(struct reader *reader, char *name) {
  size_t start = reader->at, length = 0;
  for (;;) {
    if (reader->at >= reader->length) return false;
    unsigned label = reader->bytes[reader->at++];
    if (label > MAX_LABEL_BYTES || reader->length - reader->at < label) return false;
    if (reader->at - start + label > MAX_WIRE_NAME_BYTES) return false;
    if (label == 0) break;
    if (length > 0) name[length++] = '.';
    for (unsigned i = 0; i < label; i++) name[length++] = spelled(reader->bytes[reader->at++]);
  }
  name[length] = '\0';
  return true;
}

/* Of records that nobody reads only the end is looked for. Pointers lead back, and are not followed. */
static bool skip_name(struct reader *reader) {
  size_t start = reader->at;
  for (;;) {
    if (reader->at >= reader->length) return false;
    unsigned label = reader->bytes[reader->at++];
    if (label == 0) return true;
    if (label > MAX_LABEL_BYTES) {
      unsigned low = reader->at < reader->length ? reader->bytes[reader->at] : 0;
      return label >= 0xc0 && ((label & 0x3f) << 8 | low) < start && skip(reader, 1);
    }
    if (!skip(reader, label) || reader->at - start > MAX_WIRE_NAME_BYTES) return false;
  }
}

static bool read_additional(struct reader *reader, struct query *query) {
  size_t start = reader->at;
  unsigned type, class, high, low, data;
  if (!skip_name(reader) || !read_16(reader, &type)) return false;
  bool is_of_root = reader->at - start == 3;
  if (!read_16(reader, &class) || !read_16(reader, &high) || !read_16(reader, &low)) return false;
  if (!read_16(reader, &data) || !skip(reader, data)) return false;
  if (type != TYPE_OPT) return true;
  if (!is_of_root || query->has_edns) return false;
  query->has_edns = true;
  query->edns_version = high & 0xff;
  return true;
}

/* One question and perhaps EDNS; no answers, and nothing after its end. */
static bool read_query(const unsigned char *bytes, size_t length, struct query *query) {
  struct reader reader = {.bytes = bytes, .length = length, .at = 4};
  unsigned questions, answers, authorities, additional;
  if (!read_16(&reader, &questions) || !read_16(&reader, &answers)) return false;
  if (!read_16(&reader, &authorities) || !read_16(&reader, &additional)) return false;
  if (questions != 1 || answers != 0 || authorities != 0 || additional > MAX_ADDITIONAL) return false;
  if (!read_name(&reader, query->name) || !read_16(&reader, &query->type) || !read_16(&reader, &query->class)) {
    return false;
  }
  query->question_end = reader.at;
  for (unsigned i = 0; i < additional; i++) {
    if (!read_additional(&reader, query)) return false;
  }
  return reader.at == length;
}

static void write_16(struct writer *writer, unsigned value) {
  writer->bytes[writer->at++] = (unsigned char)(value >> 8);
  writer->bytes[writer->at++] = (unsigned char)value;
}

static size_t write_name(unsigned char *to, const char *name) {
  size_t at = 0;
  while (*name != '\0') {
    size_t label = strcspn(name, ".");
    to[at++] = (unsigned char)label;
    memcpy(to + at, name, label);
    at += label;
    name += label + (name[label] == '.');
  }
  to[at++] = 0;
  return at;
}

/* The one record of an answer, whose owner is the name that was asked for. */
static void write_record(struct writer *writer, unsigned type, const void *data, size_t length) {
  write_16(writer, 0xc000 | HEADER_BYTES);
  write_16(writer, type);
  write_16(writer, CLASS_IN);
  write_16(writer, 0);
  write_16(writer, TTL_SECONDS);
  write_16(writer, (unsigned)length);
  memcpy(writer->bytes + writer->at, data, length);
  writer->at += length;
}

static unsigned answer_address(struct writer *writer, const struct query *query, const struct dns_zone *zone,
                               bool *answered) {
  struct in_addr address;
  if (!is_host_name(query->name)) return query->name[0] == '\0' ? NO_ERROR : NO_SUCH_NAME;
  if (query->type != TYPE_A) return NO_ERROR;
  if (!zone->address_of(zone->context, query->name, &address)) return SERVER_FAILURE;
  write_record(writer, TYPE_A, &address, sizeof address);
  *answered = true;
  return NO_ERROR;
}

/* `4.3.2.1.in-addr.arpa` is 1.2.3.4. */
static bool is_reverse(const char *name, struct in_addr *address) {
  char text[INET_ADDRSTRLEN];
  struct in_addr backwards;
  size_t length = strlen(name), of_suffix = sizeof REVERSE_SUFFIX - 1;
  if (length <= of_suffix || length - of_suffix >= sizeof text) return false;
  if (strcmp(name + length - of_suffix, REVERSE_SUFFIX) != 0) return false;
  memcpy(text, name, length - of_suffix);
  text[length - of_suffix] = '\0';
  if (inet_pton(AF_INET, text, &backwards) != 1) return false;
  const unsigned char *octets = (const unsigned char *)&backwards.s_addr;
  address->s_addr = htonl((uint32_t)octets[3] << 24 | (uint32_t)octets[2] << 16 | (uint32_t)octets[1] << 8 | octets[0]);
  return true;
}

static unsigned answer_reverse(struct writer *writer, const struct query *query, const struct dns_zone *zone,
                               struct in_addr address, bool *answered) {
  unsigned char data[MAX_WIRE_NAME_BYTES];
  const char *name = zone->name_at(zone->context, address);
  if (name == NULL) return NO_SUCH_NAME;
  if (query->type != TYPE_PTR) return NO_ERROR;
  write_record(writer, TYPE_PTR, data, write_name(data, name));
  *answered = true;
  return NO_ERROR;
}

static unsigned answer(struct writer *writer, const struct query *query, const struct dns_zone *zone, bool *answered) {
  struct in_addr address;
  if (query->edns_version != 0) return BAD_VERSION;
  if (query->class != CLASS_IN) return REFUSED;
  if (is_reverse(query->name, &address)) return answer_reverse(writer, query, zone, address, answered);
  return answer_address(writer, query, zone, answered);
}

static void write_edns(struct writer *writer, unsigned code) {
  writer->bytes[writer->at++] = 0;
  write_16(writer, TYPE_OPT);
  write_16(writer, OUR_UDP_BYTES);
  write_16(writer, (code >> 4) << 8);
  write_16(writer, 0);
  write_16(writer, 0);
}

size_t dns_answer(const unsigned char *query_bytes, size_t length, unsigned char *reply, const struct dns_zone *zone) {
  struct query query = {0};
  bool answered = false;
  unsigned code = FORMAT_ERROR;
  /* What is itself a reply gets none, or two servers would talk for ever. */
  if (length < HEADER_BYTES || (query_bytes[2] & 0x80) != 0) return 0;
  bool is_question = (query_bytes[2] & 0x78) == 0;
  bool is_read = is_question && length <= MAX_QUERY_BYTES && read_query(query_bytes, length, &query);
  struct writer writer = {.bytes = reply, .at = HEADER_BYTES};
  if (is_read) {
    /* As it was written: some resolvers mix the case of a name and want it back so. */
    memcpy(reply + HEADER_BYTES, query_bytes + HEADER_BYTES, query.question_end - HEADER_BYTES);
    writer.at = query.question_end;
    code = answer(&writer, &query, zone, &answered);
    if (query.has_edns) write_edns(&writer, code);
  } else if (!is_question) {
    code = NOT_IMPLEMENTED;
  }
  memset(reply, 0, HEADER_BYTES);
  memcpy(reply, query_bytes, 2);
  reply[2] = (unsigned char)(0x80 | (query_bytes[2] & 0x79)); /* a reply; its kind and the wish to recurse as asked */
  reply[3] = (unsigned char)(0x80 | (code & 0x0f));           /* recursion is there: no other server need be asked */
  reply[5] = is_read;
  reply[7] = answered;
  reply[11] = is_read && query.has_edns;
  return writer.at;
}
