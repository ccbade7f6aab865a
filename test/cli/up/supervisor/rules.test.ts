import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ENDING_ORDER, ROLES } from '../../../../src/cli/up/installation/role-settings.ts';
import { errorIn } from '../../../../src/cli/up/supervisor/error-line.ts';
import { redisConfig } from '../../../../src/cli/up/supervisor/redis-config.ts';
import { restartDelayMs } from '../../../../src/cli/up/supervisor/restart-policy.ts';
import { openRoleLog } from '../../../../src/cli/up/supervisor/role-log.ts';
import { rolesOf } from '../../../../src/cli/up/supervisor/roles.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('a role that lived long is started again at once, one that keeps dying later each time, but always below 2 s', () => {
  expect(restartDelayMs([60_000])).toBe(0);
  const delays = [1, 2, 3, 4, 5, 6, 7, 8].map((lives) => restartDelayMs(Array.from({ length: lives }, () => 10)));
  expect(delays).toEqual(delays.toSorted((a, b) => a - b));
  expect(delays.every((delay) => delay < 2_000)).toBe(true);
  expect(new Set(delays).size).toBeGreaterThan(3);
  expect(restartDelayMs([10, 10, 60_000])).toBe(0);
});

test('everything that starts also ends, those who ask before those who answer, Redis last', () => {
  expect(ENDING_ORDER.toSorted()).toEqual(ROLES.toSorted());
  expect(ENDING_ORDER[0]).toBe('api');
  expect(ENDING_ORDER.indexOf('worker')).toBeLessThan(ENDING_ORDER.indexOf('minter'));
  expect(ENDING_ORDER.at(-1)).toBe('redis');
});

test('the roles are the seven of one machine, in the order in which they start', () => {
  const roles = rolesOf({ settings: {}, root: '/project', redisConfigFile: '/r.conf' });
  expect(roles.map(({ name, args }) => [name, args[0]])).toEqual([
    ['redis', '/r.conf'],
    ['git-host', '/project/src/git-host/main.ts'],
    ['minter', '/project/src/token/minter/main.ts'],
    ['gateway', '/project/src/egress/main.ts'],
    ['warden', '/project/src/warden/main.ts'],
    ['api', '/project/src/main.ts'],
    ['worker', '/project/workers/main.ts'],
  ]);
});

test('Redis keeps every write, evicts nothing, and listens on a socket alone', () => {
  const lines = redisConfig('/data dir/redis').split('\n');
  expect(lines).toEqual(
    expect.arrayContaining(['port 0', 'appendonly yes', 'appendfsync always', 'maxmemory-policy noeviction']),
  );
  expect(lines).toContain('unixsocket "/data dir/redis/redis.sock"');
});

test.each([
  ['{"level":50,"msg":"a","err":{"message":"b"}}', 'a: b'],
  ['{"level":60,"msg":"a","reason":"c"}', 'a: c'],
  ['{"level":50,"msg":"a"}', 'a'],
  ['{"level":40,"msg":"a"}', null],
  ['no JSON', null],
  ['null', null],
])('of the log line %s the screen shows %s', (line, shown) => {
  expect(errorIn(line)).toBe(shown);
});

test('a role’s log goes on where it was, and becomes another file before it grows beyond 10 MiB', async () => {
  await using dir = await temporaryDirectory();
  const file = join(dir.path, 'api.log');
  writeFileSync(file, 'x'.repeat(10 * 1024 * 1024 - 10));
  const log = openRoleLog(dir.path, 'api');
  log.write('first');
  log.write('second');
  expect(readFileSync(`${file}.1`, 'utf8').slice(-6)).toBe('first\n');
  expect(readFileSync(file, 'utf8')).toBe('second\n');
  expect(log.tail()).toEqual(['first', 'second']);
});
