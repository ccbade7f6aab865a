import { expect, onTestFinished, test } from 'vitest';
import type { ApiKeyRecord } from '../../src/access/api-key.ts';
import { callerOfKey, callerOfSettings, type Caller } from '../../src/access/caller.ts';
import { NO_LIMITS } from '../../src/access/key-limits.ts';
import { hashOfKey } from '../../src/access/key-value.ts';
import { createKeyWatch } from '../../src/api/key-watch.ts';
import { addApiKey, revokeApiKey, rotateApiKey } from '../../src/store/api-keys.ts';
import { forgetLogin, keepLogin } from '../../src/store/logins.ts';
import { connectRedis, redisReady } from '../../src/store/redis.ts';
import { Secret } from '../../src/token/secret.ts';
import { expireKey } from '../support/api-keys.ts';
import { useTestRedis } from '../support/redis.ts';

/*
 * Answers to a key that is over end within 2 s: the watch looks once a second, and the first look after the end of a key ends
 * them all. The time between looks passes when a test says so.
 */

const store = useTestRedis();
/** Leaves a second of the two for the look itself. */
const LONGEST_PAUSE_MS = 1_000;
const READY_MS = 60_000;

function aWatch(redis = store.redis) {
  const closing = new AbortController();
  const pauses: number[] = [];
  let begun = Promise.withResolvers<void>();
  let over = Promise.withResolvers<void>();
  const watch = createKeyWatch(redis, closing.signal, (ms) => {
    pauses.push(ms);
    over = Promise.withResolvers();
    begun.resolve();
    return over.promise;
  });
  onTestFinished(() => {
    closing.abort();
    over.resolve();
    expect(Math.max(...pauses)).toBeLessThanOrEqual(LONGEST_PAUSE_MS);
  });
  const ended: string[] = [];
  return {
    ended,
    answer: (name: string, caller: Caller) => watch.watch(caller, () => ended.push(name)),
    /** Lets the time until the next look pass, and waits for the end of that look. */
    async look() {
      begun = Promise.withResolvers();
      over.resolve();
      await begun.promise;
    },
  };
}

let made = 0;

async function aKey(): Promise<{ id: string; caller: Caller }> {
  const value = new Secret(`dp_obviously_fake_${++made}`);
  const record: ApiKeyRecord = {
    id: `key_watched_${made}`,
    name: 'watched',
    hash: hashOfKey(value.reveal()),
    scopes: ['read'],
    repos: null,
    limits: NO_LIMITS,
    createdAt: new Date().toISOString(),
    createdBy: 'settings:test',
    expiresAt: null,
    revokedAt: null,
  };
  await addApiKey(store.redis, record);
  return { id: record.id, caller: callerOfKey(record, value) };
}

const ENDS: Record<string, (id: string) => Promise<unknown>> = {
  'is revoked': (id) => revokeApiKey(store.redis, id, { now: new Date(), effects: [] }),
  'has expired': (id) => expireKey({ redis: store.redis }, id),
  'has another value': (id) => rotateApiKey(store.redis, id, { hash: hashOfKey('dp_another'), effects: [] }),
};

test.each(Object.entries(ENDS))('the first look after a key %s ends its answers, and no others', async (_, end) => {
  const at = aWatch();
  const [over, stays] = [await aKey(), await aKey()];
  for (const name of ['one', 'two']) at.answer(name, over.caller);
  at.answer('of another key', stays.caller);
  at.answer('left', over.caller)();
  await at.look();
  expect(at.ended).toEqual([]);
  await end(over.id);
  await at.look();
  expect(at.ended).toEqual(['one', 'two']);
});

test('the first look after a login is over ends its answers, and those of other logins with its key go on', async () => {
  const at = aWatch();
  const caller = callerOfSettings({ name: 'ops', key: new Secret('dp_obviously_fake') });
  const begin = async (name: string): Promise<Secret> => {
    const login = new Secret(name);
    const { keyId, fingerprint } = caller;
    const endsAt = new Date(Date.now() + 3_600_000).toISOString();
    await keepLogin(store.redis, login, { keyId, fingerprint, endsAt }, { keptMs: 3_600_000, effects: [] });
    at.answer(name, { ...caller, login });
    return login;
  };
  const over = await begin('over');
  await begin('goes on');
  await at.look();
  expect(at.ended).toEqual([]);
  await forgetLogin(store.redis, over, []);
  await at.look();
  expect(at.ended).toEqual(['over']);
});

test('a look asks once for each key, however many answers it has', async () => {
  const at = aWatch();
  for (const { caller } of [await aKey(), await aKey()]) for (let i = 0; i < 50; i++) at.answer(`${i}`, caller);
  const reads = async (): Promise<number> => {
    const stats = await store.redis.info('commandstats');
    return Number(/^cmdstat_get:calls=(\d+)/m.exec(stats)?.[1] ?? 0);
  };
  await at.look();
  const before = await reads();
  await at.look();
  expect((await reads()) - before).toBe(2);
});

test('while the store is away no answer ends, and the first look when it is back ends what is over', async () => {
  // As the API's own: a command fails at once where there is no connection.
  const redis = connectRedis(store.server.url);
  onTestFinished(() => redis.disconnect());
  await redisReady(redis, READY_MS);
  const at = aWatch(redis);
  const { id, caller } = await aKey();
  at.answer('one', caller);
  await revokeApiKey(redis, id, { now: new Date(), effects: [] });
  await store.server.kill();
  await at.look();
  expect(at.ended).toEqual([]);
  await store.server.restart();
  await redisReady(redis, READY_MS);
  await at.look();
  expect(at.ended).toEqual(['one']);
});
