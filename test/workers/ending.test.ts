import { describe, expect, it } from 'vitest';
import { SessionError } from '../../src/errors.ts';
import { decideEnding, overdueCause, type EndFacts, type StopCause } from '../../workers/ending.ts';
import { aSession } from '../support/records.ts';

const mask = (outside: string): string => outside.replaceAll('hunter22', '[secret]');
const facts: EndFacts = { session: aSession(), cause: null, exit: null, shortage: null, error: null };
const exited = (exitCode: number) => ({
  exitCode,
  signal: null,
  fromOutside: false,
  killedFor: null,
  timeMs: 1_000_000,
});

describe('how a session ends', () => {
  it('succeeds when its command exits with 0', () => {
    expect(decideEnding({ ...facts, exit: exited(0) }, mask)).toEqual({
      status: 'succeeded',
      exitCode: 0,
      failure: null,
    });
  });

  it('fails without a failure of ours when the command exits with another code', () => {
    expect(decideEnding({ ...facts, exit: exited(3) }, mask)).toEqual({ status: 'failed', exitCode: 3, failure: null });
  });

  it('is stopped, with the code that the command still gave, when somebody stopped it', () => {
    const cause = { kind: 'stopped', tokenFirst: false, sinceMs: 900_000 } as const;
    expect(decideEnding({ ...facts, cause, exit: exited(143) }, mask)).toMatchObject({
      status: 'stopped',
      exitCode: 143,
    });
  });

  it('ends by its own exit when that came before whatever was to stop it, and was only seen later', () => {
    const cause = { kind: 'timed_out', tokenFirst: false, sinceMs: 1_020_000 } as const;
    expect(decideEnding({ ...facts, cause, exit: exited(0) }, mask)).toMatchObject({
      status: 'succeeded',
      failure: null,
    });
  });

  it('shows by the time of its exit that a deadline was the cause, though no worker had seen that', () => {
    const deadline: StopCause = { kind: 'timed_out', tokenFirst: false, sinceMs: 1_000_000 };
    expect(overdueCause(deadline, exited(0))).toBe(deadline);
    expect(overdueCause(deadline, { ...exited(0), timeMs: 999_999 })).toBeNull();
    expect(overdueCause({ ...deadline, kind: 'stopped' }, exited(0))).toBeNull();
  });

  it('fails by no fault of the command when something outside told its sandbox to end, whatever it made of that', () => {
    const exit = { ...exited(0), fromOutside: true };
    expect(decideEnding({ ...facts, exit }, mask)).toMatchObject({
      status: 'failed',
      failure: { code: 'sandbox_failed' },
    });
  });

  it('is timed out, and not failed, when the deadline broke a step', () => {
    const error = { step: 'clone', thrown: new SessionError('clone_failed', 'git was killed') };
    expect(
      decideEnding({ ...facts, cause: { kind: 'timed_out', tokenFirst: false, sinceMs: 900_000 }, error }, mask),
    ).toEqual({
      status: 'timed_out',
      exitCode: null,
      failure: null,
    });
  });

  it('names the step and the reason when a step of ours fails', () => {
    const error = { step: 'clone', thrown: new SessionError('ref_not_found', 'no branch x') };
    expect(decideEnding({ ...facts, error }, mask).failure).toEqual({
      code: 'ref_not_found',
      message: 'no branch x',
      step: 'clone',
    });
  });

  it('calls an unexpected error internal, with its message', () => {
    const error = { step: 'run', thrown: new TypeError('x is undefined') };
    expect(decideEnding({ ...facts, error }, mask).failure).toMatchObject({ code: 'internal_error', step: 'run' });
  });

  it('masks what another program said, and none of our own words, of an error that it knows', () => {
    const thrown = new SessionError('clone_failed', 'Repo hunter22 could not be cloned', { said: 'fatal: hunter22' });
    expect(decideEnding({ ...facts, error: { step: 'clone', thrown } }, mask).failure).toEqual({
      code: 'clone_failed',
      message: 'Repo hunter22 could not be cloned: fatal: [secret]',
      step: 'clone',
    });
  });

  it('masks all of an error that it does not know', () => {
    const error = { step: 'run', thrown: new TypeError('hunter22 is no function') };
    expect(decideEnding({ ...facts, error }, mask).failure?.message).toBe(
      'Daypass itself failed: [secret] is no function',
    );
  });

  it('says how much memory there was when a killed command ran out of it', () => {
    const ending = decideEnding({ ...facts, exit: exited(137), shortage: 'memory' }, mask);
    expect(ending).toMatchObject({ status: 'failed', exitCode: 137, failure: { code: 'out_of_memory' } });
    expect(ending.failure?.message).toContain('1024 MB');
  });

  it('names the memory too when a step of ours was killed for want of it', () => {
    const error = { step: 'clone', thrown: new SessionError('clone_failed', 'git was killed') };
    const { failure } = decideEnding({ ...facts, error, shortage: 'memory' }, mask);
    expect(failure).toMatchObject({ code: 'out_of_memory', step: 'clone' });
  });

  it('names the disk when a step of ours failed on a full one, and says its size', () => {
    const error = { step: 'clone', thrown: new SessionError('clone_failed', 'git says something') };
    const { failure } = decideEnding({ ...facts, error, shortage: 'disk' }, mask);
    expect(failure).toMatchObject({ code: 'out_of_disk', step: 'clone', message: expect.stringContaining('2048 MB') });
  });
});
