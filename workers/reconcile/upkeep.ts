import type { SessionRecord } from '../../src/session/record.ts';
import { isEnded } from '../../src/session/status.ts';
import { isSettled, type View } from '../../src/store/records.ts';
import { isClaimed, mayTake, type TakeFacts } from '../take.ts';

/** What a session needs from whoever looks after it; its token has a rule of its own. */
export type Upkeep = 'nothing' | 'enqueue' | 'adopt' | 'end_as_lost' | 'settle';

export interface UpkeepFacts extends TakeFacts {
  view: View;
  /** This process runs it. */
  runningHere: boolean;
  /** How long no worker of the session's engine has been seen, in ms, as far as this process knows. */
  engineGoneMs: number;
  nowMs: number;
}

/** A job is added right after its session; only one that is older than this has lost it. */
const ENQUEUE_AFTER_MS = 5_000;
/** A host that restarts is back within this time. Until then its sandboxes may run on, and keep their deadline by themselves. */
export const ENGINE_LOST_AFTER_MS = 5 * 60_000;

/** A session that was handed over comes with its job, unless that was lost on the way. */
const HANDED_OVER_MS = 5_000;

/** State, not an event, says what is to be done. Pure. */
export function decideUpkeep({ view, runningHere, engineGoneMs, nowMs, ...facts }: UpkeepFacts): Upkeep {
  const { session } = view;
  if (session === null || isSettled(view)) return 'nothing';
  if (isEnded(session.status)) return 'settle';
  if (session.status === 'queued') {
    return nowMs - Date.parse(session.createdAt) > ENQUEUE_AFTER_MS ? 'enqueue' : 'nothing';
  }
  if (runningHere || isOnItsWay(session, nowMs)) return 'nothing';
  if (mayTake(session, facts)) return 'adopt';
  const elsewhere = isClaimed(session) && session.sandbox?.engine !== facts.engineId;
  return elsewhere && engineGoneMs > ENGINE_LOST_AFTER_MS ? 'end_as_lost' : 'nothing';
}

function isOnItsWay({ handedOverAt }: SessionRecord, nowMs: number): boolean {
  return handedOverAt !== null && nowMs - Date.parse(handedOverAt) < HANDED_OVER_MS;
}
