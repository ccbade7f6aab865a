#include "session.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STOPPED_EXIT_CODE = 143 };

static bool is_child(struct child *child, pid_t pid, int status) {
  if (child->pid != pid || child->exited) return false;
  child->exited = true;
  child->status = status;
  return true;
}

/* The ends of orphans need no more than this call. */
static void reap(struct session *session) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (listeners_lost(&session->listeners, pid) || name_service_lost(&session->names, pid)) continue;
    if (is_child(&session->step, pid, status)) continue;
    if (is_child(&session->agent, pid, status)) {
      session->ended_by_itself = !session->ending;
      session_end(session, child_exit_code(&session->agent), child_signal_name(&session->agent));
    }
  }
}

void session_stop(struct session *session, int number) {
  if (session->ending) return;
  if (session->agent.pid > 0) {
    kill(-session->agent.pid, number);
  } else {
    session_end(session, STOPPED_EXIT_CODE, "");
  }
}

void session_ask_to_end(struct session *session) {
  if (session->asked_to_end) return;
  session->asked_to_end = true;
  session_stop(session, SIGTERM);
}

void session_take_signals(struct session *session) {
  struct signalfd_siginfo info;
  bool child_ended = false;
  while (read(session->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
    if (info.ssi_signo == SIGCHLD) {
      child_ended = true;
      continue;
    }
    /*
     * The kernel knows no id, in here, of a sender that is not in the sandbox: pid_namespaces(7). One in it can write any
     * id into a signal that it queues, but not that kill(2) sent it: rt_sigqueueinfo(2).
     */
    if (info.ssi_code == SI_USER && info.ssi_pid == 0) session->asked_from_outside = true;
    session_stop(session, (int)info.ssi_signo);
  }
  if (child_ended) reap(session);
}
