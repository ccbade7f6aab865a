import { describe, expect, it } from 'vitest';
import { decideUpkeep, ENGINE_LOST_AFTER_MS, type UpkeepFacts } from '../../../workers/reconcile/upkeep.ts';
import { aSession, aToken } from '../../support/records.ts';

const now = Date.parse('2026-01-01T01:00:00.000Z');
const sandbox = { id: 'sbx_1', image: 'daypass/sandbox', engine: 'engine-1', claimedAt: null, removedAt: null };
const claimed = { ...sandbox, claimedAt: '2026-01-01T00:00:00.000Z' };
const active = aToken({ state: 'active' });
const facts: Omit<UpkeepFacts, 'view'> = {
  runningHere: false,
  workerName: 'here',
  engineId: 'engine-1',
  aliveWorkers: new Set(['here', 'there']),
  isSure: true,
  engineGoneMs: 0,
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

  it('leaves a session to the living worker that runs it, also when that is itself', () => {
    const there = aSession({ status: 'running', worker: 'there', sandbox: claimed });
    expect(decideUpkeep({ ...facts, view: { session: there, token: active } })).toBe('nothing');
    const here = aSession({ status: 'running', worker: 'here', sandbox: claimed });
    expect(decideUpkeep({ ...facts, runningHere: true, view: { session: here, token: active } })).toBe('nothing');
  });

  it('takes over a session whose worker has not been seen any more, or has handed it over', () => {
    for (const worker of ['dead', null]) {
      const session = aSession({ status: 'running', worker, sandbox: claimed });
      expect(decideUpkeep({ ...facts, view: { session, token: active } })).toBe('adopt');
    }
  });

  it('leaves a session that was handed over to the queue for a moment, and no longer', () => {
    const handedOverAt = new Date(now - 4_000).toISOString();
    const session = aSession({ status: 'running', worker: null, handedOverAt, sandbox: claimed });
    expect(decideUpkeep({ ...facts, view: { session, token: active } })).toBe('nothing');
    expect(decideUpkeep({ ...facts, view: { session, token: active }, nowMs: now + 2_000 })).toBe('adopt');
  });

  it('takes nobody for gone so soon after an outage of the store', () => {
    const session = aSession({ status: 'running', worker: 'there', sandbox: claimed });
    const view = { session, token: active };
    expect(decideUpkeep({ ...facts, view, aliveWorkers: new Set(), isSure: false })).toBe('nothing');
  });

  it('takes over a session that this worker ran in an earlier life', () => {
    const session = aSession({ status: 'starting', worker: 'here' });
    expect(decideUpkeep({ ...facts, view: { session, token: aToken() } })).toBe('adopt');
  });

  it('cannot take over what runs on another engine, and gives that some minutes to come back', () => {
    const session = aSession({ status: 'running', worker: 'dead', sandbox: { ...claimed, engine: 'engine-2' } });
    const view = { session, token: active };
    expect(decideUpkeep({ ...facts, view, engineGoneMs: ENGINE_LOST_AFTER_MS })).toBe('nothing');
    expect(decideUpkeep({ ...facts, view, engineGoneMs: ENGINE_LOST_AFTER_MS + 1 })).toBe('end_as_lost');
  });

  it('starts anew elsewhere what nobody has claimed on an engine that is gone', () => {
    const session = aSession({ status: 'starting', worker: 'dead', sandbox: { ...sandbox, engine: 'engine-2' } });
    expect(decideUpkeep({ ...facts, view: { session, token: active } })).toBe('adopt');
  });

  it('settles an ended session as long as its token lives or its sandbox stands', () => {
    const session = aSession({ status: 'succeeded', sandbox });
    expect(decideUpkeep({ ...facts, view: { session, token: aToken({ state: 'revoked' }) } })).toBe('settle');
    const gone = { ...session, sandbox: { ...sandbox, removedAt: '2026-01-01T00:00:01.000Z' } };
    expect(decideUpkeep({ ...facts, view: { session: gone, token: aToken({ state: 'revoking' }) } })).toBe('settle');
    expect(decideUpkeep({ ...facts, view: { session: gone, token: aToken({ state: 'revoked' }) } })).toBe('nothing');
  });
});
