#include "name_server.h"

#include "dns.h"
#include "dns_streams.h"
#include "fail.h"
#include "helper.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { UDP_FD = HELPER_FIRST_FD, TCP_FD, SETTINGS_FD, KEPT_FDS = 3 };
enum { MAX_TUNNELS = 1024, DATAGRAMS_IN_A_ROW = 64 };

struct name_server {
  struct source datagrams, settings;
  struct dns_zone zone;
  struct names names;
  struct doors doors;
  struct carrier carrier;
  struct dns_streams streams;
};

/* Tables for a whole sandbox's names: too large for a stack, and its pages are touched only as they fill. */
static struct name_server server;

static bool address_of(void *context, const char *text, struct in_addr *address) {
  bool is_new;
  (void)context;
  const struct in_addr *fixed = names_fixed(&server.names, text);
  if (fixed != NULL || is_localhost(text)) {
    address->s_addr = fixed != NULL ? fixed->s_addr : htonl(INADDR_LOOPBACK);
    return true;
  }
  struct name *name = names_take(&server.names, text, &is_new);
  if (name == NULL) return false;
  if (is_new) doors_close_for(&server.doors, name);
  doors_open_for(&server.doors, name);
  *address = name->address;
  return true;
}

static const char *name_at(void *context, struct in_addr address) {
  (void)context;
  return names_at(&server.names, address);
}

static void answer_datagrams(struct source *source, uint32_t events) {
  unsigned char query[MAX_QUERY_BYTES + 1], reply[MAX_REPLY_BYTES];
  (void)source, (void)events;
  for (int i = 0; i < DATAGRAMS_IN_A_ROW; i++) {
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t got = recvfrom(UDP_FD, query, sizeof query, 0, (struct sockaddr *)&from, &size);
    if (got < 0) return;
    size_t length = dns_answer(query, (size_t)got, reply, &server.zone);
    if (length > 0) sendto(UDP_FD, reply, length, MSG_NOSIGNAL, (struct sockaddr *)&from, size);
  }
}

static void apply(const struct name_settings *settings) {
  server.names.fixed_count = settings->fixed_count;
  memcpy(server.names.fixed, settings->fixed, sizeof server.names.fixed);
  doors_set_ports(&server.doors, settings->ports, settings->port_count);
}

static void take_settings(struct source *source, uint32_t events) {
  struct name_settings settings;
  (void)source, (void)events;
  while (recv(SETTINGS_FD, &settings, sizeof settings, MSG_DONTWAIT) == (ssize_t)sizeof settings) apply(&settings);
}

/* A quarter of the descriptors in number, so half of them: the other half is for listening. */
static size_t most_tunnels(void) {
  struct rlimit limit = {.rlim_cur = 4 * MAX_TUNNELS};
  getrlimit(RLIMIT_NOFILE, &limit);
  size_t most = limit.rlim_cur / 8 + 1;
  return most < MAX_TUNNELS ? most : MAX_TUNNELS;
}

void serve_names(int udp_fd, int tcp_fd, int settings_fd, const struct name_settings *settings,
                 const char *gateway_path) {
  helper_leave_init("names", (int[]){udp_fd, tcp_fd, settings_fd}, KEPT_FDS);
  server.zone = (struct dns_zone){.address_of = address_of, .name_at = name_at};
  server.datagrams = (struct source){answer_datagrams};
  server.settings = (struct source){take_settings};
  carrier_open(&server.carrier, gateway_path, most_tunnels());
  doors_open(&server.doors, &server.carrier, &server.names);
  apply(settings);
  dns_streams_open(&server.streams, &server.carrier, TCP_FD, &server.zone);
  if (!carrier_watch(&server.carrier, UDP_FD, &server.datagrams) ||
      !carrier_watch(&server.carrier, SETTINGS_FD, &server.settings)) {
    fail("names: too few descriptors");
  }
  carrier_run(&server.carrier);
}
