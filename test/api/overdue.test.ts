import { afterAll, beforeAll, expect, test } from 'vitest';
import { change } from '../../src/store/records.ts';
import { keys } from '../../src/store/keys.ts';
import { putSession, startApiRig, type ApiRig } from '../support/api-rig.ts';

let rig: ApiRig;

beforeAll(async () => {
  rig = await startApiRig();
});
afterAll(async () => {
  await rig?.close();
});

const secondsAgo = (seconds: number): string => new Date(Date.now() - seconds * 1_000).toISOString();
const figure = async () =>
  ((await rig.call('GET', '/v1/stats')).body as { overdueSessions: { oldestSeconds: number } }).overdueSessions;

test('a session past its deadline and grace is an alarm in stats and metrics until it has ended', async () => {
  await putSession(rig.redis, { status: 'running', deadlineAt: secondsAgo(-60) }, null);
  await putSession(rig.redis, { status: 'stopping', deadlineAt: secondsAgo(60) }, null);
  expect(await figure()).toEqual({ count: 0, oldestSeconds: null, alarm: false });
  expect((await rig.call('GET', '/metrics')).body).toContain('daypass_sessions_overdue 0');

  const { session } = await putSession(rig.redis, { status: 'stopping', deadlineAt: secondsAgo(400) }, null);
  expect(await figure()).toMatchObject({ count: 1, alarm: true });
  expect(Math.round((await figure()).oldestSeconds)).toBe(390);
  const metrics = (await rig.call('GET', '/metrics')).body;
  expect(metrics).toContain('daypass_sessions_overdue 1');
  expect(metrics).toMatch(/daypass_sessions_overdue_oldest_seconds 39\d/);

  await change(
    rig.redis,
    { sessionId: session.id },
    ({ session: now }) => now && { session: { ...now, status: 'timed_out', endedAt: secondsAgo(0) } },
  );
  expect(await figure()).toEqual({ count: 0, oldestSeconds: null, alarm: false });
});

test('a session whose record cannot be read is overdue, as nobody can hold it to its deadline', async () => {
  const { session } = await putSession(rig.redis, { status: 'running', deadlineAt: secondsAgo(-60) }, null);
  await rig.redis.set(keys.session(session.id), '{"status":"[secret]"}');
  expect(await figure()).toMatchObject({ count: 1, alarm: true });
});
