import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { watchDebt } from '../../src/api/watch-debt.ts';
import { change } from '../../src/store/records.ts';
import { putSession, startApiRig, type ApiRig } from '../support/api-rig.ts';
import { eventually } from '../support/eventually.ts';

let rig: ApiRig;

beforeAll(async () => {
  rig = await startApiRig();
});
afterAll(async () => {
  await rig?.close();
});

const secondsAgo = (seconds: number): string => new Date(Date.now() - seconds * 1_000).toISOString();

async function owe(revokingAt: string) {
  const { session, token } = await putSession(
    rig.redis,
    { status: 'succeeded', endedAt: revokingAt },
    { state: 'revoking', revokingAt },
  );
  const ids = { sessionId: session.id, tokenId: token?.id ?? '' };
  return {
    pay: () =>
      change(rig.redis, ids, ({ token: now }) => (now === null ? null : { token: { ...now, state: 'revoked' } })),
  };
}

test('a token that is overdue raises the alarm in stats and metrics, and one that is just due does not', async () => {
  const fresh = await owe(secondsAgo(10));
  expect((await rig.call('GET', '/v1/stats')).body).toMatchObject({ revocationDebt: { count: 1, alarm: false } });
  expect((await rig.call('GET', '/metrics')).body).toContain('daypass_revocation_debt_alarm 0');
  const overdue = await owe(secondsAgo(301));
  const { body } = await rig.call('GET', '/v1/stats');
  expect(body).toMatchObject({ revocationDebt: { count: 2, alarm: true } });
  const { oldestSeconds } = (body as { revocationDebt: { oldestSeconds: number } }).revocationDebt;
  expect(Math.round(oldestSeconds)).toBe(301);
  const metrics = (await rig.call('GET', '/metrics')).body;
  expect(metrics).toContain('daypass_revocation_debt 2');
  expect(metrics).toMatch(/daypass_revocation_debt_oldest_seconds 301/);
  expect(metrics).toContain('daypass_revocation_debt_alarm 1');
  await Promise.all([fresh.pay(), overdue.pay()]);
  expect((await rig.call('GET', '/v1/stats')).body).toMatchObject({
    revocationDebt: { count: 0, oldestSeconds: null, alarm: false },
  });
});

test('a token that nobody makes due counts from the end of its deadline’s grace or its session’s end', async () => {
  const deadlineAt = secondsAgo(320);
  const late = await putSession(rig.redis, { status: 'running', deadlineAt }, { state: 'active' });
  await putSession(rig.redis, { status: 'running' }, { state: 'active' });
  const { body } = await rig.call('GET', '/v1/stats');
  expect(body).toMatchObject({ revocationDebt: { count: 1, alarm: true } });
  const ids = { sessionId: late.session.id, tokenId: late.token?.id ?? '' };
  const inTime = new Date(Date.now() + 60_000).toISOString();
  await change(rig.redis, ids, ({ session }) => session && { session: { ...session, deadlineAt: inTime } });
  expect((await rig.call('GET', '/v1/stats')).body).toMatchObject({ revocationDebt: { count: 0, alarm: false } });
});

test('tokens of unknown fate are a figure of their own', async () => {
  await putSession(rig.redis, { status: 'failed', endedAt: secondsAgo(1) }, { state: 'unknown' });
  expect((await rig.call('GET', '/metrics')).body).toContain('daypass_tokens_unknown 1');
});

test('the log says once that the alarm began and once that it is over, though nobody asks', async () => {
  const lines: { level: number; count: number }[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const closing = new AbortController();
  const { redis } = rig;
  const watching = watchDebt({ redis, log, alarmSeconds: 300, everyMs: 10, signal: closing.signal });
  const first = await owe(secondsAgo(400));
  await eventually(
    () => lines.length,
    (count) => count === 1,
  );
  // A second token is no second alarm.
  const second = await owe(secondsAgo(400));
  await first.pay();
  await second.pay();
  await eventually(
    () => lines.length,
    (count) => count === 2,
  );
  closing.abort();
  await watching;
  expect(lines).toMatchObject([
    { level: 50, count: 1, alarmSeconds: 300 },
    { level: 30, count: 0 },
  ]);
});
