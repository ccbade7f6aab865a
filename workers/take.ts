import type { SessionRecord } from '../src/session/record.ts';
import { isEnded } from '../src/session/status.ts';

export interface TakeFacts {
  workerName: string;
  engineId: string;
  /** Workers that have been seen lately, by name. */
  aliveWorkers: ReadonlySet<string>;
  /** Whether one that is not among them is gone. */
  isSure: boolean;
}

/** Whether a worker that does not run this session may take hold of it: nobody else does, and it can reach its sandbox. Pure. */
export function mayTake(session: SessionRecord, { workerName, engineId, aliveWorkers, isSure }: TakeFacts): boolean {
  if (isEnded(session.status)) return false;
  if (session.status === 'queued') return true;
  // This process does not run it, and names are unique: it was an earlier life of this worker.
  const another = session.worker !== null && session.worker !== workerName ? session.worker : null;
  const held = another !== null && (!isSure || aliveWorkers.has(another));
  return !held && (!isClaimed(session) || session.sandbox?.engine === engineId);
}

/** From then on the session has one sandbox for good: a later worker adopts it and never starts another. */
export function isClaimed({ sandbox }: SessionRecord): boolean {
  return sandbox !== null && sandbox.claimedAt !== null;
}
