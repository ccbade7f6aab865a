import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { perform } from '../../../src/cli/doctor/check.ts';
import { storeChecks } from '../../../src/cli/doctor/store-checks.ts';
import { connectRedis } from '../../../src/store/redis.ts';
import type { SealKeySource } from '../../../src/token/minter/seal-key-source.ts';
import { formatSealKeys } from '../../../src/token/seal-keys.ts';
import { Secret } from '../../../src/token/secret.ts';
import { keys } from '../../../src/store/keys.ts';
import { putSession } from '../../support/api-rig.ts';
import { makeList } from '../../support/damage.ts';
import { useTestRedis } from '../../support/redis.ts';

const own = useTestRedis();
const k1 = { id: 'k1', key: new Secret(randomBytes(32).toString('base64')) };
const soon = new Date(Date.now() + 600_000).toISOString();

let spoolDir: string;
beforeEach(async () => {
  await own.redis.flushall();
  spoolDir = await mkdtemp(join(tmpdir(), 'daypass-doctor-'));
});
afterEach(() => rm(spoolDir, { recursive: true, force: true }));

function check(name: string, sealKeys: SealKeySource = { keys: [k1] }) {
  const found = storeChecks({ redis: own.redis, isStated: false, sealKeys, spoolDir }).find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no check ${name}`);
  return found;
}

test('a seal key is missed that a token, a file of the spool or the secrets of a request need', async () => {
  await putSession(own.redis, { status: 'running' }, { state: 'active', sealed: 'v1.k1.iv.body', expiresAt: soon });
  await expect(check('seal keys').look()).resolves.toContain('1 of 1');
  await putSession(own.redis, { status: 'running' }, { state: 'active', sealed: 'v1.k2.iv.body', expiresAt: soon });
  await putSession(own.redis, { status: 'running', sealedSecrets: 'v1.k3.enc.body' });
  const times = { mintedAt: soon, expiresAt: soon };
  const file = { tokenId: 'tok_1', sessionId: 's', provider: 'p', repoIds: [], fingerprint: 'f', ...times };
  await writeFile(join(spoolDir, 'tok_1.json'), JSON.stringify({ ...file, sealed: 'v1.k4.iv.body' }));
  await expect(check('seal keys').look()).rejects.toThrow(/k2, k4, k3/);
});

test('records of another type of Redis need no seal key, and hide none that is missed', async () => {
  const { session, token } = await putSession(own.redis, { status: 'running' }, { state: 'active' });
  await makeList(own.redis, keys.session(session.id));
  await makeList(own.redis, keys.token(token?.id ?? ''));
  await expect(check('seal keys').look()).resolves.toContain('0 of 1');
  await putSession(own.redis, { status: 'running', sealedSecrets: 'v1.k3.enc.body' });
  await expect(check('seal keys').look()).rejects.toThrow(/k3/);
});

test('the place to add it to is the one that the ring is read from', async () => {
  const file = join(spoolDir, 'ring');
  await writeFile(file, formatSealKeys([k1]));
  expect(check('seal keys', { file }).mend).toContain(`back to ${file}`);
  expect(check('seal keys').mend).toContain('back to DAYPASS_SEAL_KEYS');
});

test('a token that is active past its deadline and its grace is a deletion that is late', async () => {
  const deadlineAt = new Date(Date.now() - 71_000).toISOString();
  const { token } = await putSession(own.redis, { status: 'running', deadlineAt }, { state: 'active' });
  await expect(check('deletions').look()).rejects.toThrow(token?.id);
});

test('a Redis that syncs once a second is told of, and one that may forget is refused', async () => {
  await own.redis.config('SET', 'appendfsync', 'everysec');
  await expect(check('Redis').look()).resolves.toMatch(/! appendfsync is everysec: .*set it to always/);
  await own.redis.config('SET', 'appendfsync', 'always');
  await expect(check('Redis').look()).resolves.toBe('keeps what it is told (appendonly, noeviction)');
  await own.redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await expect(check('Redis').look()).rejects.toThrow('maxmemory-policy must be noeviction');
  expect(check('Redis').mend).toContain('maxmemory-policy noeviction');
  await own.redis.config('SET', 'maxmemory-policy', 'noeviction');
});

test('what Redis alone could tell is not seen where it does not answer, and only the check of Redis says how to mend that', async () => {
  const redis = connectRedis('/nonexistent/redis.sock');
  const checks = storeChecks({ redis, isStated: false, sealKeys: { keys: [k1] }, spoolDir });
  const lines = (await Promise.all(checks.map(perform))).flatMap((found) => found.lines);
  redis.disconnect();
  expect(lines).toEqual([
    expect.stringMatching(/^✗ Redis: /),
    expect.stringContaining('DAYPASS_REDIS_URL'),
    '? seal keys: not seen from here, as Redis does not answer',
    '? deletions: not seen from here, as Redis does not answer',
  ]);
});
