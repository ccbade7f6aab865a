#include "forward.h"

#include "carrier.h"
#include "helper.h"

#include <stddef.h>
#include <sys/resource.h>

enum { LISTENING_FD = HELPER_FIRST_FD, MAX_TUNNELS = 1024, OWN_DESCRIPTORS = 8 };

struct forwarder {
  struct source source;
  struct carrier carrier;
  const char *target;
};

/* How many tunnels the limit of descriptors is good for, two to each. */
static size_t most_tunnels(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= 2 * MAX_TUNNELS + OWN_DESCRIPTORS) return MAX_TUNNELS;
  return limit.rlim_cur < 2 + OWN_DESCRIPTORS ? 1 : (limit.rlim_cur - OWN_DESCRIPTORS) / 2;
}

static void clients_wait(struct source *source, uint32_t events) {
  struct forwarder *forwarder = (struct forwarder *)source;
  (void)events;
  carrier_accept(&forwarder->carrier, LISTENING_FD, forwarder->target, NULL);
}

void forward(int listening_fd, const char *target, const char *gateway_path) {
  struct forwarder forwarder = {.source = {clients_wait}, .target = target};
  helper_leave_init("forwarder", &listening_fd, 1);
  carrier_open(&forwarder.carrier, gateway_path, most_tunnels());
  carrier_set_entrance(&forwarder.carrier, LISTENING_FD, &forwarder.source);
  carrier_run(&forwarder.carrier);
}
