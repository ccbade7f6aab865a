import { describe, expect, it } from 'vitest';
import { decideUpkeep, type UpkeepFacts } from '../../workers/upkeep.ts';
import { aSession, aToken } from '../support/records.ts';

const now = Date.parse('2026-01-01T01:00:00.000Z');
const sandbox = { id: 'sbx_1', image: 'daypass/sandbox', claimedAt: null, removedAt: null };
const facts: Omit<UpkeepFacts, 'view'> = {
  runningHere: false,
  workerName: 'here',
  aliveWorkers: new Set(['here', 'there']),
  nowMs: now,
};

describe('what the reconciler does with a session', () => {
  it('adds the job again when a waiting session has been without one for a while', () => {
    expect(decideUpkeep({ ...facts, view: { session: aSession(), token: null } })).toBe('enqueue');
  });

  it('leaves a session alone that was accepted this moment', () => {
    const session = aSession({ createdAt: new Date(now).toISOString() });
    expect(decideUpkeep({ ...facts, view: { session, token: null } })).toBe('nothing');
  });

  it('leaves a session to the living worker that runs it', () => {
    const session = aSession({ status: 'running', worker: 'there', sandbox });
    expect(decideUpkeep({ ...facts, view: { session, token: aToken({ state: 'active' }) } })).toBe('nothing');
  });

  it('ends a session whose worker has not been seen any more', () => {
    const session = aSession({ status: 'running', worker: 'dead', sandbox });
    expect(decideUpkeep({ ...facts, view: { session, token: aToken({ state: 'active' }) } })).toBe('end_as_lost');
  });

  it('ends a session that this worker ran in an earlier life', () => {
    const session = aSession({ status: 'starting', worker: 'here' });
    expect(decideUpkeep({ ...facts, view: { session, token: aToken() } })).toBe('end_as_lost');
  });

  it('settles an ended session as long as its token lives or its sandbox stands', () => {
    const session = aSession({ status: 'succeeded', sandbox });
    expect(decideUpkeep({ ...facts, view: { session, token: aToken({ state: 'revoked' }) } })).toBe('settle');
    const gone = { ...session, sandbox: { ...sandbox, removedAt: '2026-01-01T00:00:01.000Z' } };
    expect(decideUpkeep({ ...facts, view: { session: gone, token: aToken({ state: 'revoking' }) } })).toBe('settle');
    expect(decideUpkeep({ ...facts, view: { session: gone, token: aToken({ state: 'revoked' }) } })).toBe('nothing');
  });
});
