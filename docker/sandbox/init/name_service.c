#include "name_service.h"

#include "listening.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 16, TELL_AGAIN_MS = 200 };

void name_service_open(struct name_service *service, const char *gateway_path) {
  char own_name[MAX_NAME_BYTES + 1];
  *service = (struct name_service){
      .gateway_path = gateway_path, .udp_fd = -1, .tcp_fd = -1, .settings_fd = -1, .server = HELPER_NEVER_STARTED};
  /* Programs that look up the name of their own host expect to be able to listen there. */
  if (gethostname(own_name, sizeof own_name) == 0) {
    name_service_fix(service, own_name, (struct in_addr){htonl(INADDR_LOOPBACK)});
  }
}

void name_service_fix(struct name_service *service, const char *name, struct in_addr address) {
  struct name_settings *settings = &service->settings;
  struct fixed_name fixed = {.address = address};
  if (strlen(name) > MAX_NAME_BYTES) return;
  for (size_t i = 0; name[i] != '\0'; i++) fixed.text[i] = (char)(name[i] | (name[i] >= 'A' && name[i] <= 'Z' ? 32 : 0));
  if (!is_host_name(fixed.text) || settings->fixed_count == MAX_FIXED_NAMES) return;
  for (size_t i = 0; i < settings->fixed_count; i++) {
    if (strcmp(settings->fixed[i].text, fixed.text) == 0) return;
  }
  settings->fixed[settings->fixed_count++] = fixed;
  service->has_news = true;
}

static bool parse_ports(struct name_settings *settings, char **fields, size_t count, char *reason, size_t size) {
  if (count > MAX_PORTS) return snprintf(reason, size, "more than %d ports", MAX_PORTS), false;
  for (size_t i = 0; i < count; i++) {
    if (!parse_port(fields[i], 1, &settings->ports[i])) {
      return snprintf(reason, size, "%.16s is not a port", fields[i]), false;
    }
  }
  settings->port_count = count;
  return true;
}

static bool open_sockets(struct name_service *service, struct sockaddr_in address) {
  int tcp_fd = listen_at(&address, SOCK_STREAM, BACKLOG);
  if (tcp_fd < 0) return false;
  bound_address(tcp_fd, &address);
  int udp_fd = listen_at(&address, SOCK_DGRAM, 0);
  if (udp_fd < 0) return close(tcp_fd), false;
  service->tcp_fd = tcp_fd;
  service->udp_fd = udp_fd;
  service->address = address;
  service->is_ordered = true;
  return true;
}

bool name_service_order(struct name_service *service, char **fields, size_t count, struct sockaddr_in *address,
                        char *reason, size_t size) {
  struct name_settings settings = service->settings;
  if (!parse_address(fields[0], fields[1], address, reason, size)) return false;
  if (!parse_ports(&settings, fields + 2, count - 2, reason, size)) return false;
  if (!service->is_ordered && !open_sockets(service, *address)) {
    return snprintf(reason, size, "cannot listen: %s", strerror(errno)), false;
  }
  *address = service->address;
  service->settings = settings;
  service->has_news = true;
  return true;
}

/* The new server knows what is new by itself; what was told to the old one is nothing to it. */
static void start(struct name_service *service) {
  int ends[2];
  if (service->settings_fd >= 0) close(service->settings_fd);
  service->settings_fd = -1;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    helper_put_off(&service->server);
    return;
  }
  service->settings_fd = ends[0];
  service->has_news = false;
  if (helper_fork(&service->server) == 0) {
    serve_names(service->udp_fd, service->tcp_fd, ends[1], &service->settings, service->gateway_path);
  }
  close(ends[1]);
}

/* One that does not listen, such as one that the agent has stopped, is told later. */
static int tell(struct name_service *service) {
  const struct name_settings *settings = &service->settings;
  if (!service->has_news || service->settings_fd < 0) return -1;
  if (send(service->settings_fd, settings, sizeof *settings, MSG_NOSIGNAL) != (ssize_t)sizeof *settings) {
    return TELL_AGAIN_MS;
  }
  service->has_news = false;
  return -1;
}

int name_service_serve(struct name_service *service) {
  if (!service->is_ordered) return -1;
  if (helper_wait_ms(&service->server) == 0) start(service);
  int wait_ms = helper_wait_ms(&service->server);
  return wait_ms >= 0 ? wait_ms : tell(service);
}

bool name_service_lost(struct name_service *service, pid_t pid) { return helper_lost(&service->server, pid); }
