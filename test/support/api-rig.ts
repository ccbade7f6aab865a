import type { OperatorLimits } from '../../src/config.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import type { TokenRecord } from '../../src/token/record.ts';
import { change } from '../../src/store/records.ts';
import { connectRedis, redisReady, type Redis } from '../../src/store/redis.ts';
import { apiClient, type CallApi } from './api-client.ts';
import { startTestApi, type TestApi, type TestApiOptions } from './api.ts';
import { pretendMinter } from './minter-facts.ts';
import { aSession, aToken } from './records.ts';
import { startTestRedis, type TestRedis } from './redis.ts';

export interface ApiRig {
  store: TestRedis;
  api: TestApi;
  redis: Redis;
  call: CallApi;
  /** A key's header, for requests made by hand. */
  authorization: { authorization: string };
  close(): Promise<void>;
}

/** A Redis, an API on it and the means to play the other processes' part. */
export async function startApiRig(
  limits: Partial<OperatorLimits> = {},
  options: Omit<TestApiOptions, 'redisUrl' | 'limits'> = {},
): Promise<ApiRig> {
  const store = await startTestRedis();
  const api = await startTestApi({ ...options, redisUrl: store.url, limits });
  const redis = connectRedis(store.url);
  await redisReady(redis, 5_000);
  await pretendMinter(store.url);
  return {
    store,
    api,
    redis,
    call: apiClient(api),
    authorization: { authorization: `Bearer ${api.key}` },
    async close() {
      await api.close();
      redis.disconnect();
      await store.stop();
    },
  };
}

let made = 0;

/** Puts a session, and a token where one is described, into the store as if it had come so far. */
export async function putSession(
  redis: Redis,
  over: Partial<SessionRecord> = {},
  token: Partial<TokenRecord> | null = null,
): Promise<{ session: SessionRecord; token: TokenRecord | null }> {
  const number = `${++made}`.padStart(4, '0');
  const id = over.id ?? `ses_test${number}`;
  const tokenRecord = token && aToken({ id: `tok_test${number}`, sessionId: id, ...token });
  const session = aSession({ id, createdAt: new Date().toISOString(), tokenId: tokenRecord?.id ?? null, ...over });
  await change(redis, { sessionId: id, tokenId: tokenRecord?.id ?? null }, () => ({
    session,
    ...(tokenRecord && { token: tokenRecord }),
    events: [{ type: 'accepted' }],
  }));
  return { session, token: tokenRecord };
}

/** Changes a session's record as its worker would, with an event. */
export async function moveSession(redis: Redis, id: string, over: Partial<SessionRecord>): Promise<void> {
  await change(redis, { sessionId: id }, ({ session }) =>
    session === null
      ? null
      : { session: { ...session, ...over }, events: [{ type: over.endedAt ? 'ended' : 'running' }] },
  );
}
