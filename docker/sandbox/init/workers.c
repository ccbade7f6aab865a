#include "session.h"

#include <signal.h>

/* A step of the worker before may run for long, and nobody waits for it any more. */
static void stop_step(const struct session *session) {
  if (session->step.pid != 0 && !session->step.exited) kill(-session->step.pid, SIGKILL);
}

void session_meet_worker(struct session *session) {
  if (!connection_accept(&session->connection)) return;
  orders_forget(&session->orders);
  stop_step(session);
}

static void read_order(struct session *session) {
  struct order *order;
  if (session->connection.fd < 0 || orders_full(&session->orders)) return;
  switch (orders_read(&session->orders, session->connection.fd, &order)) {
    case ORDERS_NO_MORE_YET: return;
    case ORDERS_GONE:
      /* Perhaps in the middle of an order. What is complete is carried out; the sandbox goes on without a worker. */
      orders_forget_incoming(&session->orders);
      connection_close(&session->connection);
      return;
    case ORDERS_ONE: break;
  }
  if (!session_is_urgent(order)) {
    orders_add(&session->orders, order);
    return;
  }
  session_execute(session, order);
  order_free(order);
}

/* While the file takes nothing, nothing is done that would have to be reported. */
static bool is_turn_of_next(const struct session *session) {
  return !session->ending && session->step.pid == 0 && !reports_pending(&session->reports);
}

void session_take_orders(struct session *session) {
  /* One at a time, so that a worker that never stops talking cannot keep a newer one out. */
  read_order(session);
  for (struct order *order; is_turn_of_next(session) && (order = orders_take(&session->orders)) != NULL;) {
    session_execute(session, order);
    order_free(order);
    reports_flush(&session->reports);
  }
  if (session->ending) orders_forget(&session->orders);
}

void session_tell_worker(struct session *session) {
  /* Not before all is in the file: what a worker is told on its arrival separates its own time from that before. */
  if (!session->connection.greeted && reports_pending(&session->reports)) return;
  connection_tell(&session->connection, session->reports.written);
}
