import { expect, test } from 'vitest';
import { stepsOf } from '../../../src/dashboard/app/session/step-times.ts';
import type { Session, SessionEvent } from '../../../src/dashboard/app/client/wire.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const event = (second: number, type: SessionEvent['type']): SessionEvent => ({
  id: `${second}-0`,
  sessionId: 'ses_1',
  time: at(second),
  type,
  detail: {},
});
const aSession = (over: Partial<Session>) =>
  ({ createdAt: at(0), startedAt: null, runningAt: null, endedAt: null, timings: {}, ...over }) as Session;

const shown = (session: Session, events: SessionEvent[]) =>
  stepsOf(session, events).map(({ name, from, to }) => `${name} ${to === null ? 'goes on' : (to - from) / 1_000}`);

test('a session that waits has one step, which goes on', () => {
  expect(shown(aSession({}), [event(0, 'accepted')])).toEqual(['queued goes on']);
});

test('every step of a session that is over has its time', () => {
  const timings = { containerMs: 2_000 } as Session['timings'];
  const session = aSession({ startedAt: at(1), runningAt: at(7), endedAt: at(20), timings });
  const events = [
    event(0, 'accepted'),
    event(1, 'started'),
    event(1, 'token_intended'),
    event(2, 'token_active'),
    event(4, 'container_started'),
    event(4, 'clone_started'),
    event(5, 'cloned'),
    event(5, 'clone_started'),
    event(6, 'cloned'),
    event(7, 'running'),
    event(17, 'stop_requested'),
    event(18, 'stopping'),
    event(20, 'ended'),
    event(20, 'token_revoking'),
    event(23, 'token_revoked'),
    event(22, 'container_removed'),
  ];
  expect(shown(session, events)).toEqual([
    'queued 1',
    'token 1',
    'container 2',
    'clone 2',
    'running 10',
    'stopping 3',
    'revoked, verified 3',
    'container removed 2',
  ]);
});

test('a token that nobody takes goes on after the end of its session', () => {
  const session = aSession({ startedAt: at(1), endedAt: at(3) });
  const events = [event(1, 'token_intended'), event(2, 'token_active'), event(3, 'ended'), event(3, 'token_revoking')];
  expect(shown(session, events)).toEqual(['queued 1', 'token 1', 'revoked, verified goes on']);
});
