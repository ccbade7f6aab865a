import { describe, expect, it } from 'vitest';
import { ENDS_WITHIN_MS, overdueSinceMs } from '../../src/session/overdue.ts';
import { aSession } from '../support/records.ts';

const deadlineAt = '2026-01-01T01:00:00.000Z';
const deadlineMs = Date.parse(deadlineAt);
const running = aSession({ status: 'running', deadlineAt });

describe('a session that has not ended', () => {
  it('is overdue since its grace was over, once its end has had its time', () => {
    const graceEndMs = deadlineMs + 10_000;
    expect(overdueSinceMs(running, graceEndMs + ENDS_WITHIN_MS)).toBeNull();
    expect(overdueSinceMs(running, graceEndMs + ENDS_WITHIN_MS + 1)).toBe(graceEndMs);
    expect(overdueSinceMs(running, graceEndMs + 1, 0)).toBe(graceEndMs);
  });

  it.each(['starting', 'running', 'stopping'] as const)('is held to it while %s', (status) => {
    expect(overdueSinceMs({ ...running, status }, deadlineMs + 3_600_000)).not.toBeNull();
  });

  it('is held to the grace of a stop that comes before its deadline', () => {
    const stop = { requestedAt: '2026-01-01T00:10:00.000Z', graceSeconds: 30, revoke: 'after' } as const;
    const stopEndMs = Date.parse(stop.requestedAt) + 30_000;
    expect(overdueSinceMs({ ...running, stop }, deadlineMs, 0)).toBe(stopEndMs);
    const late = { ...stop, requestedAt: deadlineAt, graceSeconds: 300 };
    expect(overdueSinceMs({ ...running, stop: late }, deadlineMs + 60_000, 0)).toBe(deadlineMs + 10_000);
  });

  it('has nothing to be held to in the queue, where time does not count yet', () => {
    expect(overdueSinceMs(aSession({ status: 'queued' }), deadlineMs)).toBeNull();
  });
});

it.each(['succeeded', 'failed', 'stopped', 'timed_out'] as const)('a session that is %s is not overdue', (status) => {
  expect(overdueSinceMs({ ...running, status }, deadlineMs + 3_600_000)).toBeNull();
});
