import { isEnded } from '../src/session/status.ts';
import { isSettled, type View } from '../src/store/records.ts';

/** What a session needs from whoever looks after it; its token has a rule of its own. */
export type Upkeep = 'nothing' | 'enqueue' | 'end_as_lost' | 'settle';

export interface UpkeepFacts {
  view: View;
  /** This process runs it. */
  runningHere: boolean;
  workerName: string;
  /** Workers that have been seen lately. */
  aliveWorkers: ReadonlySet<string>;
  nowMs: number;
}

/** A job is added right after its session; only one that is older than this has lost it. */
const ENQUEUE_AFTER_MS = 5_000;

/** State, not an event, says what is to be done. Pure. */
export function decideUpkeep({ view, runningHere, workerName, aliveWorkers, nowMs }: UpkeepFacts): Upkeep {
  const { session } = view;
  if (session === null || isSettled(view)) return 'nothing';
  if (isEnded(session.status)) return 'settle';
  if (session.status === 'queued') {
    return nowMs - Date.parse(session.createdAt) > ENQUEUE_AFTER_MS ? 'enqueue' : 'nothing';
  }
  const lost = session.worker === workerName ? !runningHere : !aliveWorkers.has(session.worker ?? '');
  return lost ? 'end_as_lost' : 'nothing';
}
