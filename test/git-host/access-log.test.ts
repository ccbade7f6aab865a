import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Caller } from '../../src/git-host/auth/caller.ts';
import { createAccessLog, type AccessLog } from '../../src/git-host/http/access-log.ts';

let lines: Record<string, unknown>[];
let log: AccessLog;
beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  const sink = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  log = createAccessLog(pino({ base: null, timestamp: false }, sink), Date.now);
});
afterEach(() => {
  log.close();
  vi.useRealTimers();
});

const sandbox = { kind: 'token', hash: 'a'.repeat(64) } as unknown as Caller;
const account: Caller = { kind: 'account' };

function request(caller: Caller | null): void {
  const res = Object.assign(new EventEmitter(), { statusCode: 200, writableFinished: true });
  const access = log.begin({ res: res as unknown as ServerResponse, method: 'GET', route: '/repo' });
  if (caller !== null) access.caller(caller);
  res.emit('close');
}

test('a caller who floods the host has some hundred lines a minute, and the rest as a number', () => {
  for (let at = 0; at < 100_000; at++) request(sandbox);
  for (let at = 0; at < 1_000; at++) request(null);
  const flooded = lines.length;
  expect(flooded).toBeLessThan(1_000);
  for (let at = 0; at < 500; at++) request(account);
  expect(lines.length - flooded).toBe(500);

  vi.advanceTimersByTime(60_000);
  expect(lines.slice(flooded + 500)).toMatchObject([
    { by: expect.stringMatching(/^[0-9a-f]+$/), omitted: 99_760 },
    { by: 'nobody', omitted: 760 },
  ]);
  request(sandbox);
  expect(lines.at(-1)).toMatchObject({ msg: 'request', route: '/repo', status: 200 });
});
