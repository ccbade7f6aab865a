import type { SessionRecord } from '../src/session/record.ts';
import { DEADLINE_GRACE_SECONDS } from '../src/session/deadline.ts';
import { isEnded } from '../src/session/status.ts';
import type { StopCause } from './ending.ts';

/** Two clocks, as one of them may be set or stand still. */
export interface Clock {
  /** Milliseconds since 1970. Jumps when the machine's time is set. */
  wallMs(): number;
  /** Milliseconds since some moment. Never jumps, and stands still while the machine sleeps. */
  monotonicMs(): number;
}

export const SYSTEM_CLOCK: Clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

/** What a record and the clocks say about a session's end. */
export interface EndVerdict {
  /** The earliest reason to stop it; null while there is none. */
  cause: StopCause | null;
  graceIsOver: boolean;
  /** When time alone changes this verdict, in ms from now; Infinity when it does not. */
  changesInMs: number;
}

/**
 * Says of one session whether it is to stop and whether its grace is over, from its record and the time. A deadline is
 * reached as soon as either clock says so, so a clock that is set back lets no session go on. A stop's grace counts by the
 * clock that does not jump, from the request at the earliest and from the first look at it at the latest.
 *
 * The first cause stays, and a later stop can only shorten the grace: a deadline that is moved once it was reached
 * changes nothing.
 */
export function createEndWatch(clock: Clock): { evaluate(session: SessionRecord): EndVerdict } {
  let deadlineAt: string | null = null;
  /** By the monotonic clock, as the rest. */
  let deadlineMs = Infinity;
  let reached: { cause: StopCause; graceEndMs: number } | null = null;
  let stopMs: number | null = null;

  const learn = ({ deadlineAt: latest, stop }: SessionRecord, now: Now): void => {
    if (latest !== deadlineAt) {
      deadlineAt = latest;
      deadlineMs = latest === null ? Infinity : now.monotonicMs + Date.parse(latest) - now.wallMs;
    }
    if (stop !== null) stopMs ??= now.monotonicMs + Math.min(0, Date.parse(stop.requestedAt) - now.wallMs);
  };

  const deadlineReached = (now: Now): typeof reached => {
    const leftMs = leftUntilDeadline(now);
    if (leftMs > 0) return null;
    const sinceMs = Math.min(Date.parse(deadlineAt ?? ''), now.wallMs);
    const graceEndMs = now.monotonicMs + leftMs + DEADLINE_GRACE_SECONDS * 1_000;
    return { cause: { kind: 'timed_out', tokenFirst: false, sinceMs }, graceEndMs };
  };

  const leftUntilDeadline = ({ wallMs, monotonicMs }: Now): number =>
    deadlineAt === null ? Infinity : Math.min(deadlineMs - monotonicMs, Date.parse(deadlineAt) - wallMs);

  return {
    evaluate(session) {
      const now = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
      learn(session, now);
      reached ??= deadlineReached(now);
      const stopped = stopOf(session, stopMs, now);
      const ended = isEnded(session.status) ? endedElsewhere(now) : null;
      const found = [reached, stopped, ended].filter((one) => one !== null);
      const cause = found.map((one) => one.cause).toSorted((a, b) => a.sinceMs - b.sinceMs)[0] ?? null;
      const graceEndMs = Math.min(Infinity, ...found.map((one) => one.graceEndMs));
      const deadlineInMs = reached === null ? leftUntilDeadline(now) : Infinity;
      const graceInMs = graceEndMs - now.monotonicMs;
      return {
        cause,
        graceIsOver: graceInMs <= 0,
        changesInMs: Math.min(deadlineInMs, graceInMs > 0 ? graceInMs : Infinity),
      };
    },
  };
}

interface Now {
  wallMs: number;
  monotonicMs: number;
}

function stopOf({ stop }: SessionRecord, stopMs: number | null, { wallMs }: Now) {
  if (stop === null || stopMs === null) return null;
  const sinceMs = Math.min(Date.parse(stop.requestedAt), wallMs);
  const cause: StopCause = { kind: 'stopped', tokenFirst: stop.revoke === 'now', sinceMs };
  return { cause, graceEndMs: stopMs + stop.graceSeconds * 1_000 };
}

/** Somebody else ended it: nothing here may go on. */
function endedElsewhere({ wallMs, monotonicMs }: Now) {
  const cause: StopCause = { kind: 'stopped', tokenFirst: true, sinceMs: wallMs };
  return { cause, graceEndMs: monotonicMs };
}
