import { graceEndMs } from './deadline.ts';
import type { SessionRecord } from './record.ts';
import { isEnded } from './status.ts';

/**
 * The longest that an orderly end takes once the grace is over, in ms. On a host that is there another worker takes the
 * session over from one that is gone (30 s until that is known, 3 s until somebody looks, 60 s past the deadline until it
 * gives up a sandbox that it cannot get hold of), has the sandbox ended by its init or its engine (22 s), and stores what it
 * had said, with the token deleted meanwhile (45 s): 160 s. A host that is gone is waited for (300 s, and 30 s and 3 s as
 * above) before its session ends.
 */
export const ENDS_WITHIN_MS = 360_000;

/**
 * Since when a session should be final and is not, in ms since 1970; null when it is not overdue. It should be at the end
 * of its grace, be it that of its deadline or of a stop before that; for `endsWithinMs` more nothing is wrong. One that
 * waits in the queue has no deadline. Pure.
 */
export function overdueSinceMs(
  session: Pick<SessionRecord, 'status' | 'deadlineAt' | 'stop'>,
  nowMs: number,
  endsWithinMs: number = ENDS_WITHIN_MS,
): number | null {
  const { status, stop } = session;
  if (isEnded(status) || status === 'queued') return null;
  const stopEndMs = stop === null ? Infinity : Date.parse(stop.requestedAt) + stop.graceSeconds * 1_000;
  const sinceMs = Math.min(graceEndMs(session) ?? Infinity, stopEndMs);
  return sinceMs + endsWithinMs < nowMs ? sinceMs : null;
}
