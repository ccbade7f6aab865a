import type { RefusalCode } from '../errors.ts';

/** What is worth a line: everything that changes something, and everybody who is turned away at the door. */
export const AUDIT_ACTIONS = [
  'session.start',
  'session.stop',
  'session.extend',
  'session.network',
  'session.delete',
  'token.revoke',
  'tokens.revoke',
  'api_key.create',
  'api_key.rotate',
  'api_key.revoke',
  'authenticate',
  'login',
  'logout',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** `ok`: it was done; `unchanged`: there was nothing to do; `begun`: it was asked for, and may have been cut short; else why not. */
export type AuditOutcome = 'ok' | 'unchanged' | 'begun' | RefusalCode;

/** What an action was about, in words of the product: ids, counts and names, and never a value that a caller wrote. */
export interface AuditDetail {
  repoIds?: readonly string[];
  /** Names alone. */
  metadataKeys?: readonly string[];
  timeoutSeconds?: number;
  graceSeconds?: number;
  revoke?: 'after' | 'now';
  /** Rules of the network, or tokens of a kill switch. */
  count?: number;
  provider?: string;
  scopes?: readonly string[];
  route?: string;
}

/** One line of the audit log: who did what, from where, to what, and what came of it. */
export interface AuditEntry {
  /** ISO 8601 UTC. */
  time: string;
  action: AuditAction;
  outcome: AuditOutcome;
  /** null: nobody known. */
  keyId: string | null;
  /** The key's name, as it was then. */
  keyName: string | null;
  /** Where the call came from; null where the connection was gone. */
  address: string | null;
  sessionId: string | null;
  /** The token or the API key that it was about. */
  targetId: string | null;
  requestId: string;
  detail: AuditDetail;
}

/** As it is kept: the id grows with time. */
export type AuditRecord = AuditEntry & { id: string };

/**
 * An id from a path, if it is one of ours. Whoever confuses places puts an API key there, which must not be kept.
 */
export function auditId(text: string | null): string | null {
  return text !== null && /^(ses|tok|key)_[\w-]{1,64}$/.test(text) ? text : null;
}
