import type { ApiKeyRecord } from '../access/api-key.ts';
import { commit, type Effect, type Expectation } from './commit.ts';
import { indexEntry, keys } from './keys.ts';
import { page, type Page, type PageQuery } from './listing.ts';
import { readRecord, requireReadable } from './readable.ts';
import { apiKeyShape } from './record-shapes.ts';
import type { Redis } from './redis.ts';
import { readStored } from './stored.ts';

/** Keeps a new key, with more to do in the same step. */
export async function addApiKey(redis: Redis, key: ApiKeyRecord, effects: Effect[] = []): Promise<void> {
  const isNew: Expectation[] = [keys.apiKey(key.id), keys.apiKeyByHash(key.hash)].map((name) => ({
    key: name,
    value: null,
  }));
  const happened = await commit(redis, isNew, [
    ['SET', keys.apiKey(key.id), JSON.stringify(key)],
    ['SET', keys.apiKeyByHash(key.hash), key.id],
    ['ZADD', keys.apiKeys, 0, indexEntry(key.createdAt, key.id)],
    ...effects,
  ]);
  if (!happened) throw new Error(`There is an API key ${key.id} already`);
}

/** That a key is still as it was seen: for what may only happen while it is not revoked. */
export function apiKeyAsSeen(key: ApiKeyRecord): Expectation {
  return { key: keys.apiKey(key.id), value: JSON.stringify(key) };
}

/** Gives a key another value: the one before is refused from then on. null where there is no such key, or it is over. */
export async function rotateApiKey(
  redis: Redis,
  id: string,
  { hash, effects }: { hash: string; effects: Effect[] },
): Promise<ApiKeyRecord | null> {
  for (;;) {
    const found = await readApiKey(redis, id);
    if (found === null || found.revokedAt !== null) return null;
    const key: ApiKeyRecord = { ...found, hash };
    const rotated = await commit(
      redis,
      [apiKeyAsSeen(found)],
      [
        ['SET', keys.apiKey(id), JSON.stringify(key)],
        ['DEL', keys.apiKeyByHash(found.hash)],
        ['SET', keys.apiKeyByHash(hash), id],
        ...effects,
      ],
    );
    if (rotated) return key;
  }
}

/** Safe to repeat. The key as it is afterwards, and whether it was this call that revoked it; null where there is none. */
export async function revokeApiKey(
  redis: Redis,
  id: string,
  { now, effects }: { now: Date; effects: Effect[] },
): Promise<{ key: ApiKeyRecord; changed: boolean } | null> {
  for (;;) {
    const found = await readApiKey(redis, id);
    if (found === null) return null;
    if (found.revokedAt !== null) return { key: found, changed: false };
    const key: ApiKeyRecord = { ...found, revokedAt: now.toISOString() };
    const revoked = await commit(
      redis,
      [apiKeyAsSeen(found)],
      [['SET', keys.apiKey(id), JSON.stringify(key)], ['DEL', keys.apiKeyByHash(key.hash)], ...effects],
    );
    if (revoked) return { key, changed: true };
  }
}

/** null where there is none. Throws `record_unreadable`. */
export async function readApiKey(redis: Redis, id: string): Promise<ApiKeyRecord | null> {
  const stored = await readStored(redis, keys.apiKey(id));
  return stored === null ? null : requireReadable('API key', readRecord<ApiKeyRecord>(apiKeyShape, id, stored));
}

/** The key whose value has this hash, unless it was revoked. */
export async function findApiKey(redis: Redis, hash: string): Promise<ApiKeyRecord | null> {
  const id = await redis.get(keys.apiKeyByHash(hash));
  return id === null ? null : readApiKey(redis, id);
}

/** Newest first, those that are over too. */
export async function listApiKeys(redis: Redis, query: PageQuery): Promise<Page<ApiKeyRecord>> {
  return page(redis, { index: keys.apiKeys, keyOf: keys.apiKey, shape: apiKeyShape }, { ...query, keep: () => true });
}

export async function noteApiKeyUse(redis: Redis, id: string, now: Date): Promise<void> {
  await redis.hset(keys.apiKeyUse, id, now.toISOString());
}

/** When each of these was last used, in their order; null: never, as far as anybody noted. */
export async function readApiKeyUse(redis: Redis, ids: string[]): Promise<(string | null)[]> {
  return ids.length === 0 ? [] : redis.hmget(keys.apiKeyUse, ...ids);
}
