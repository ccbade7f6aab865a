import { keys } from '../../src/store/keys.ts';
import type { Redis } from '../../src/store/redis.ts';
import { reportWorker } from '../../src/store/workers.ts';
import { makeKey } from './api-keys.ts';
import { putSession, type ApiRig } from './api-rig.ts';

/** Writes a record anew, as if a mask had been put over a value (`=`) or a name (`:`) of it, such as `status=` or `request:`. */
export async function damage(redis: Redis, key: string, where: string): Promise<void> {
  const text = (await redis.get(key)) ?? '';
  const record = JSON.parse(text) as Record<string, unknown>;
  // With the time that it has left, if it is to be forgotten.
  await redis.set(key, damagedText(record, where), 'KEEPTTL');
}

/** What else may stand under a record's key than a text, by its name in a sentence. */
export const OTHER_TYPES: Record<string, (redis: Redis, key: string) => Promise<void>> = {
  'a list of Redis': makeList,
  'a hash of Redis': async (redis, key) => {
    await redis.multi().del(key).hset(key, 'state', 'active').exec();
  },
};

/** A list of Redis in the place of whatever is under the key. */
export async function makeList(redis: Redis, key: string): Promise<void> {
  await redis.multi().del(key).lpush(key, 'x').exec();
}

function damagedText(record: Record<string, unknown>, where: string): string {
  const name = where.slice(0, -1);
  const entries = Object.entries(record).map(([field, value]) => {
    if (field !== name) return [field, value];
    return where.endsWith('=') ? [field, '[secret]'] : ['[secret]', value];
  });
  return JSON.stringify(Object.fromEntries(entries));
}

/** The id of a record of which others must not suffer, by the list that it belongs to, and the field that is wrong. */
export interface Damaged {
  sessions: { id: string; field: string }[];
  tokens: { id: string; field: string }[];
  apiKeys: { id: string; field: string }[];
  workers: { id: string; field: string }[];
  audit: { id: string; field: string }[];
  /** Of `good.session`. */
  events: { id: string; field: string }[];
}

export interface Among {
  damaged: Damaged;
  good: { session: string; token: string; apiKey: string; worker: string };
}

/** Puts a good record and damaged ones into every list. */
export async function putDamaged(rig: ApiRig): Promise<Among> {
  const { redis } = rig;
  const put = (id: string) =>
    putSession(redis, { id, status: 'running' }, { id: id.replace('ses_', 'tok_'), state: 'active' });
  const id = (name: string) => `ses_${name.padEnd(21, '0')}`;
  const good = await put(id('good'));
  const status = await put(id('status'));
  await damage(redis, keys.session(status.session.id), 'status=');
  const request = await put(id('request'));
  await damage(redis, keys.session(request.session.id), 'request:');
  const noJson = await put(id('nojson'));
  await redis.set(keys.session(noJson.session.id), '{"id": [secret]}');
  const badToken = await put(id('token'));
  await damage(redis, keys.token(badToken.token?.id ?? ''), 'state=');
  const otherType = await put(id('type'));
  await makeList(redis, keys.session(otherType.session.id));
  await makeList(redis, keys.token(otherType.token?.id ?? ''));
  await putSession(redis, { id: id('after'), status: 'running' });
  const goodKey = await makeKey(rig);
  const badKey = await makeKey(rig);
  await damage(redis, keys.apiKey(badKey.id), 'scopes:');
  const now = new Date().toISOString();
  const worker = { engine: 'engine', startedAt: now, seenAt: now, concurrency: 4, running: [] };
  for (const name of ['host-1', 'host-2']) await reportWorker(redis, { ...worker, name });
  await damage(redis, keys.worker('host-2'), 'concurrency=');
  const entry = { time: now, action: '[secret]', outcome: 'ok', keyId: null, keyName: null, address: null };
  const audit = await redis.xadd(
    keys.audit,
    '*',
    'data',
    JSON.stringify({ ...entry, sessionId: null, targetId: null, requestId: 'r', detail: {} }),
  );
  const event = JSON.stringify({ sessionId: good.session.id, time: now, type: '[secret]', detail: {} });
  const told = await redis.xadd(keys.events(good.session.id), '*', 'data', event);
  await redis.xadd(keys.allEvents, '*', 'data', event);
  return {
    good: { session: good.session.id, token: good.token?.id ?? '', apiKey: goodKey.id, worker: 'host-1' },
    damaged: {
      sessions: [
        { id: badToken.session.id, field: 'token.state' },
        { id: noJson.session.id, field: '(record)' },
        { id: request.session.id, field: 'request' },
        { id: status.session.id, field: 'status' },
        { id: otherType.session.id, field: '(record)' },
      ],
      tokens: [
        { id: badToken.token?.id ?? '', field: 'state' },
        { id: otherType.token?.id ?? '', field: '(record)' },
      ],
      apiKeys: [{ id: badKey.id, field: 'scopes' }],
      workers: [{ id: 'host-2', field: 'concurrency' }],
      audit: [{ id: audit ?? '', field: 'action' }],
      events: [{ id: told ?? '', field: 'type' }],
    },
  };
}
