/**
 * The life of a session, as one table. Every change of status in the product is checked against it, and the diagram in
 * ARCHITECTURE.md is generated from it.
 */
export const SESSION_TRANSITIONS = {
  queued: ['starting', 'stopped', 'failed', 'timed_out'],
  starting: ['running', 'stopping', 'succeeded', 'failed', 'stopped', 'timed_out'],
  running: ['stopping', 'succeeded', 'failed', 'stopped', 'timed_out'],
  stopping: ['succeeded', 'failed', 'stopped', 'timed_out'],
  succeeded: [],
  failed: [],
  stopped: [],
  timed_out: [],
} as const satisfies Record<string, readonly string[]>;

export type SessionStatus = keyof typeof SESSION_TRANSITIONS;

export const SESSION_STATUSES = Object.keys(SESSION_TRANSITIONS) as SessionStatus[];

/** A final status is never left; it also means that the log is complete. */
export type FinalStatus = 'succeeded' | 'failed' | 'stopped' | 'timed_out';

/** Of a status that is not known here nothing is known to be over. */
export function isEnded(status: string): status is FinalStatus {
  return SESSION_STATUSES.some((known) => known === status && SESSION_TRANSITIONS[known].length === 0);
}

export function canMove(from: SessionStatus, to: SessionStatus): boolean {
  return (SESSION_TRANSITIONS[from] as readonly SessionStatus[]).includes(to);
}
