import type { View } from '../src/store/records.ts';
import { isSettled } from '../src/store/records.ts';
import { isEnded } from '../src/session/status.ts';

/** What a session needs from whoever looks after it. */
export type Upkeep = 'nothing' | 'enqueue' | 'end_as_lost' | 'settle' | 'revoke_token' | 'give_up_intent';

export interface UpkeepFacts {
  view: View;
  /** This process runs it. */
  runningHere: boolean;
  workerName: string;
  /** Workers that have been seen lately. */
  aliveWorkers: ReadonlySet<string>;
  now: number;
}

/** A job is added right after its session; only one that is older than this has lost it. */
const ENQUEUE_AFTER_MS = 5_000;
/** No minting takes this long: an intent that is older will never be answered. */
const INTENT_STALE_AFTER_MS = 60_000;

/** The rule of the house in one place: state, not an event, says what is to be done. Pure. */
export function decideUpkeep({ view, runningHere, workerName, aliveWorkers, now }: UpkeepFacts): Upkeep {
  const { session, token } = view;
  if (session === null || isSettled(view)) return 'nothing';
  if (
    token?.state === 'intended' &&
    isEnded(session.status) &&
    now - Date.parse(token.intendedAt) > INTENT_STALE_AFTER_MS
  ) {
    return 'give_up_intent';
  }
  if (isEnded(session.status)) return 'settle';
  if (session.status === 'queued')
    return now - Date.parse(session.createdAt) > ENQUEUE_AFTER_MS ? 'enqueue' : 'nothing';
  if (token?.state === 'revoking') return 'revoke_token';
  const lost = session.worker === workerName ? !runningHere : !aliveWorkers.has(session.worker ?? '');
  return lost ? 'end_as_lost' : 'nothing';
}
