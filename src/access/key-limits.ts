import type { OperatorLimits } from '../config.ts';

/** What one key may take up. null: as much as the operator's settings allow anybody. */
export interface KeyLimits {
  /** Sessions that have not ended, those that wait included. */
  sessions: number | null;
  startsPerMinute: number | null;
  requestsPerMinute: number | null;
  /** The longest `timeoutSeconds` and `maxTimeoutSeconds` of a session, and of each time that it is extended. */
  timeoutSeconds: number | null;
  cpus: number | null;
  memoryMb: number | null;
  pids: number | null;
  diskMb: number | null;
  /** The highest `priority` of a session: a higher one goes before the sessions of all other keys. */
  maxPriority: number | null;
}

/** What a request may ask for. */
export type RequestLimits = OperatorLimits & { maxPriority?: number };

export const NO_LIMITS: KeyLimits = {
  sessions: null,
  startsPerMinute: null,
  requestsPerMinute: null,
  timeoutSeconds: null,
  cpus: null,
  memoryMb: null,
  pids: null,
  diskMb: null,
  maxPriority: null,
};

/** Of a key for which nothing else was asked: room for a busy backend, and an end for one that has gone wild. */
export const DEFAULT_LIMITS: KeyLimits = {
  ...NO_LIMITS,
  sessions: 50,
  startsPerMinute: 60,
  requestsPerMinute: 1_200,
  maxPriority: 0,
};

/** What a request of this key may ask for: the smaller of what the operator and the key allow. */
export function narrow(operator: OperatorLimits, key: KeyLimits): RequestLimits {
  const least = (theirs: number, own: number | null): number => (own === null ? theirs : Math.min(theirs, own));
  return {
    ...operator,
    maxTimeoutSeconds: least(operator.maxTimeoutSeconds, key.timeoutSeconds),
    cpus: least(operator.cpus, key.cpus),
    memoryMb: least(operator.memoryMb, key.memoryMb),
    pids: least(operator.pids, key.pids),
    diskMb: least(operator.diskMb, key.diskMb),
    // A key that an earlier version has made has none.
    ...(typeof key.maxPriority === 'number' && { maxPriority: key.maxPriority }),
  };
}
