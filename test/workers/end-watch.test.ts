import { describe, expect, it } from 'vitest';
import type { SessionRecord } from '../../src/session/record.ts';
import { createEndWatch, type EndVerdict } from '../../workers/end-watch.ts';
import { watchdogFor } from '../../workers/steps/connect-sandbox.ts';
import { aSession } from '../support/records.ts';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const HOUR = 3_600_000;
const at = (seconds: number): string => new Date(START + seconds * 1_000).toISOString();

/** A session of an hour that is looked at, with clocks that the test sets. */
function watched(over: Partial<SessionRecord> = {}) {
  let session = aSession({ status: 'running', deadlineAt: at(3_600), ...over });
  let [wallMs, monotonicMs] = [START, 5_000];
  const watch = createEndWatch({ wallMs: () => wallMs, monotonicMs: () => monotonicMs });
  return {
    pass(seconds: number): EndVerdict {
      wallMs += seconds * 1_000;
      monotonicMs += seconds * 1_000;
      return watch.evaluate(session);
    },
    /** Sets the machine's time, or lets the machine sleep. */
    jump(ms: number): EndVerdict {
      wallMs += ms;
      return watch.evaluate(session);
    },
    change(change: Partial<SessionRecord>): EndVerdict {
      session = { ...session, ...change };
      return watch.evaluate(session);
    },
  };
}
const stopAt = (seconds: number, graceSeconds: number, revoke: 'now' | 'after' = 'after') => ({
  stop: { requestedAt: at(seconds), graceSeconds, revoke },
});
const GOES_ON = { cause: null, graceIsOver: false };
const TIMED_OUT = { kind: 'timed_out', tokenFirst: false } as const;

describe('a deadline', () => {
  it('is told to the millisecond, and leaves the agent ten seconds with its token', () => {
    const session = watched();
    expect(session.pass(3_599)).toEqual({ ...GOES_ON, changesInMs: 1_000 });
    const cause = { ...TIMED_OUT, sinceMs: START + HOUR };
    expect(session.pass(1)).toEqual({ cause, graceIsOver: false, changesInMs: 10_000 });
    expect(session.pass(9.999)).toMatchObject({ cause, graceIsOver: false });
    expect(session.pass(0.001)).toEqual({ cause, graceIsOver: true, changesInMs: Infinity });
  });

  it('that is moved in time counts where it is then', () => {
    const session = watched();
    expect(session.change({ deadlineAt: at(7_200) })).toEqual({ ...GOES_ON, changesInMs: 2 * HOUR });
    expect(session.pass(7_199)).toMatchObject(GOES_ON);
    expect(session.pass(1).cause).toEqual({ ...TIMED_OUT, sinceMs: START + 2 * HOUR });
  });

  it('that was reached stays so, whatever is written later', () => {
    const session = watched();
    session.pass(3_600);
    expect(session.change({ deadlineAt: at(9_000) }).cause).toMatchObject(TIMED_OUT);
    expect(session.pass(10).graceIsOver).toBe(true);
  });

  it('that was reached before this worker came leaves the rest of the grace', () => {
    const session = watched({ deadlineAt: at(-4), status: 'stopping' });
    expect(session.pass(0)).toMatchObject({ cause: TIMED_OUT, graceIsOver: false, changesInMs: 6_000 });
    expect(session.pass(6).graceIsOver).toBe(true);
  });

  it('is over when the time is set two hours ahead, or the machine has slept for as long', () => {
    const session = watched();
    session.pass(60);
    expect(session.jump(2 * HOUR)).toMatchObject({ cause: TIMED_OUT, graceIsOver: true });
    // Set back, the session stays over.
    expect(session.jump(-2 * HOUR)).toMatchObject({ cause: TIMED_OUT, graceIsOver: true });
  });

  it('comes when it was to come although the time is set back by two hours', () => {
    const session = watched();
    session.pass(60);
    expect(session.jump(-2 * HOUR)).toEqual({ ...GOES_ON, changesInMs: HOUR - 60_000 });
    const { cause, graceIsOver } = session.pass(3_540);
    // By the clock of whoever reports the exit.
    expect({ cause, graceIsOver }).toEqual({ cause: { ...TIMED_OUT, sinceMs: START - HOUR }, graceIsOver: false });
    expect(session.pass(10).graceIsOver).toBe(true);
  });

  it('that lies before the jump and after the way back is where it was', () => {
    const session = watched({ deadlineAt: at(4 * 3_600) });
    session.pass(60);
    expect(session.jump(2 * HOUR)).toMatchObject(GOES_ON);
    expect(session.jump(-2 * HOUR)).toEqual({ ...GOES_ON, changesInMs: 4 * HOUR - 60_000 });
  });
});

describe('a stop', () => {
  it('gives its grace from when it was asked for', () => {
    const session = watched();
    session.pass(60);
    expect(session.change(stopAt(55, 30))).toEqual({
      cause: { kind: 'stopped', tokenFirst: false, sinceMs: START + 55_000 },
      graceIsOver: false,
      changesInMs: 25_000,
    });
    expect(session.pass(25).graceIsOver).toBe(true);
  });

  it('in the grace of a deadline can only shorten that, and the session is timed out', () => {
    const session = watched();
    session.pass(3_602);
    expect(session.change(stopAt(3_602, 60))).toMatchObject({ cause: TIMED_OUT, changesInMs: 8_000 });
    expect(session.change(stopAt(3_602, 1))).toMatchObject({ cause: TIMED_OUT, changesInMs: 1_000 });
    expect(session.pass(1)).toMatchObject({ cause: TIMED_OUT, graceIsOver: true });
  });

  it('with an hour of grace is cut short by the deadline, and the session is stopped', () => {
    const session = watched({ deadlineAt: at(60) });
    session.change(stopAt(0, 3_600));
    expect(session.pass(69)).toMatchObject({ cause: { kind: 'stopped' }, graceIsOver: false });
    expect(session.pass(1)).toMatchObject({ cause: { kind: 'stopped' }, graceIsOver: true });
  });

  it('and a deadline that a new worker finds both are told apart by which was first', () => {
    const early = watched({ deadlineAt: at(-3), ...stopAt(-5, 60) });
    expect(early.pass(0)).toMatchObject({ cause: { kind: 'stopped' }, changesInMs: 7_000 });
    const late = watched({ deadlineAt: at(-3), ...stopAt(-2, 60) });
    expect(late.pass(0)).toMatchObject({ cause: TIMED_OUT, changesInMs: 7_000 });
  });

  it('lasts as long as it was to last although the time is set back meanwhile, or was ahead where it was asked for', () => {
    const session = watched();
    session.change(stopAt(0, 30));
    session.jump(-2 * HOUR);
    expect(session.pass(30).graceIsOver).toBe(true);
    const ahead = watched(stopAt(2 * 3_600, 30));
    expect(ahead.pass(0)).toMatchObject({ cause: { kind: 'stopped', sinceMs: START }, changesInMs: 30_000 });
    expect(ahead.pass(30).graceIsOver).toBe(true);
  });

  it('with the token first says so', () => {
    expect(watched(stopAt(0, 10, 'now')).pass(0).cause).toMatchObject({ kind: 'stopped', tokenFirst: true });
  });
});

it('a session that somebody else has ended is let go of at once', () => {
  expect(watched({ status: 'stopped' }).pass(0)).toMatchObject({ cause: { kind: 'stopped' }, graceIsOver: true });
});

it('a sandbox without a worker gives the same grace by itself, and in the grace what is left of it', () => {
  const deadline = new Date(START);
  expect(watchdogFor(deadline, START - 60_000)).toEqual({ seconds: 61, graceSeconds: 10 });
  expect(watchdogFor(deadline, START - 500)).toEqual({ seconds: 2, graceSeconds: 10 });
  expect(watchdogFor(deadline, START + 4_000)).toEqual({ seconds: 0, graceSeconds: 7 });
  expect(watchdogFor(deadline, START + 60_000)).toEqual({ seconds: 0, graceSeconds: 0 });
});
