/** One step in the life of a session, for its owner to see. No secret is ever in `detail`. */
export interface SessionEvent {
  /** Grows with time within one session; usable as `Last-Event-ID`. */
  id: string;
  sessionId: string;
  /** ISO 8601 UTC. */
  time: string;
  type: SessionEventType;
  detail: Record<string, unknown>;
}

export const SESSION_EVENT_TYPES = [
  'accepted',
  'started',
  'token_intended',
  'token_active',
  'token_renewed',
  'token_refused',
  'token_unknown',
  'container_started',
  'claimed',
  'adopted',
  'handed_over',
  'clone_started',
  'cloned',
  'running',
  'stop_requested',
  'extended',
  'network_changed',
  'network',
  'stopping',
  'resource_exhausted',
  'command_exited',
  'ended',
  'token_revoking',
  'token_revoked',
  'token_expired',
  'container_removed',
  'cleanup_failed',
  'webhook_delivered',
  'webhook_failed',
  'webhook_disabled',
] as const;

export type SessionEventType = (typeof SESSION_EVENT_TYPES)[number];

export interface NewEvent {
  type: SessionEventType;
  detail?: Record<string, unknown>;
}
