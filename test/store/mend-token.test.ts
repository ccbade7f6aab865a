import { describe, expect, it } from 'vitest';
import { readLedger } from '../../src/invariants/read/ledger.ts';
import { eventsOf } from '../../src/store/events.ts';
import { illegalTokens } from '../../src/store/illegal-tokens.ts';
import { keys } from '../../src/store/keys.ts';
import { sortedTokens } from '../../src/store/listing.ts';
import { mendToken, mendTokens } from '../../src/store/mend-token.ts';
import { UnreadableRecord } from '../../src/store/parse-record.ts';
import { change, readSession, readToken, view } from '../../src/store/records.ts';
import type { Redis } from '../../src/store/redis.ts';
import { tokenProblem } from '../../src/token/record-shape.ts';
import type { TokenRecord } from '../../src/token/record.ts';
import { putSession } from '../support/api-rig.ts';
import { useTestRedis } from '../support/redis.ts';

/** What may stand under a token's key instead of its line, and whether the value can still be read of it. */
const DAMAGES: Record<string, { of: (line: TokenRecord) => string; hasValue: boolean }> = {
  'no JSON': { of: () => '{"id":"tok_', hasValue: false },
  'an empty text': { of: () => '', hasValue: false },
  'a list': { of: () => '[]', hasValue: false },
  'an empty line': { of: () => '{}', hasValue: false },
  'a state that there is none of': { of: (line) => JSON.stringify({ ...line, state: '[secret]' }), hasValue: true },
  'no state': { of: (line) => JSON.stringify({ ...line, state: undefined }), hasValue: true },
  'no count of attempts': { of: (line) => JSON.stringify({ ...line, attempts: undefined }), hasValue: true },
  'no session': { of: (line) => JSON.stringify({ ...line, sessionId: undefined }), hasValue: true },
  'a time that is none': { of: (line) => JSON.stringify({ ...line, intendedAt: '[secret]' }), hasValue: true },
  'no repos, and a value that is a number': {
    of: (line) => JSON.stringify({ ...line, grants: 1, sealed: 2 }),
    hasValue: false,
  },
};

/** A Redis that fails where a line is read by itself. */
function failingAt(redis: Redis, key: string): Redis {
  const get = async (asked: string): Promise<string | null> => {
    if (asked === key) throw new Error('Redis does not answer for this key');
    return redis.get(asked);
  };
  return new Proxy(redis, {
    get: (target, name) => (name === 'get' ? get : (Reflect.get(target, name, target) as unknown)),
  });
}

describe('a line of the ledger that cannot be read', () => {
  const own = useTestRedis();
  const running = async () => {
    await own.redis.flushall();
    const put = await putSession(own.redis, { status: 'running' }, { state: 'active', sealed: 'k1:sealed' });
    if (put.token === null) throw new Error('no token was put');
    return { session: put.session, token: put.token };
  };

  it.each(Object.entries(DAMAGES))(
    'has %s: its token is due, and its session ends',
    async (_what, { of, hasValue }) => {
      const { redis } = own;
      const { session, token } = await running();
      await redis.set(keys.token(token.id), of(token));
      await expect(readToken(redis, token.id)).rejects.toThrow(UnreadableRecord);
      expect((await illegalTokens(redis, new Date())).unreadable).toBe(1);

      expect(await mendToken(redis, token.id)).toBe(true);
      const { items, unreadable } = await sortedTokens(redis, hasValue ? 'revoking' : 'unknown');
      expect(unreadable).toEqual([]);
      expect(items).toMatchObject([{ id: token.id, sessionId: session.id, sealed: hasValue ? 'k1:sealed' : null }]);
      expect(tokenProblem(items[0])).toBeNull();
      expect(Date.parse((hasValue ? items[0]?.revokingAt : items[0]?.expiresAt) ?? '')).toBeGreaterThan(0);
      expect(await readSession(redis, session.id)).toMatchObject({
        status: 'failed',
        failure: { code: 'internal_error', message: expect.stringContaining(token.id) },
      });
      const events = (await eventsOf(redis, session.id, '0')).map(({ type }) => type);
      expect(events).toEqual(expect.arrayContaining([hasValue ? 'token_revoking' : 'token_unknown', 'ended']));
      expect((await readLedger(redis)).unreadable.size).toBe(0);
      expect(await mendToken(redis, token.id)).toBe(false);
    },
  );

  it('ends no session that only was to get its token', async () => {
    const { session, token } = await running();
    const nextTokenId = 'tok_next';
    await change(own.redis, { sessionId: session.id }, (now) => ({
      session: { ...(now.session ?? session), nextTokenId },
    }));
    await own.redis.set(keys.token(nextTokenId), '{');
    expect(await mendToken(own.redis, nextTokenId)).toBe(true);
    expect(await readToken(own.redis, nextTokenId)).toMatchObject({ state: 'unknown', sessionId: session.id });
    expect(await view(own.redis, session.id)).toMatchObject({
      session: { status: 'running' },
      token: { id: token.id, state: 'active' },
    });
  });

  it('keeps no other one from being mended where it cannot be', async () => {
    const { token } = await running();
    const { token: stuck } = await putSession(own.redis, { status: 'running' }, { state: 'active' });
    await own.redis.set(keys.token(stuck?.id ?? ''), '{');
    await own.redis.set(keys.token(token.id), '{');
    const redis = failingAt(own.redis, keys.token(stuck?.id ?? ''));
    await expect(mendTokens(redis, ['active'], null)).rejects.toThrow('does not answer for this key');
    expect(await readToken(own.redis, token.id)).toMatchObject({ state: 'unknown' });
    await mendTokens(own.redis, ['active'], null);
    expect(await readToken(own.redis, stuck?.id ?? '')).toMatchObject({ state: 'unknown' });
  });

  it('is what it was where the token was over, and so is its session', async () => {
    await own.redis.flushall();
    const ended = { status: 'succeeded', endedAt: '2026-01-01T00:00:00.000Z' } as const;
    const { session, token } = await putSession(own.redis, ended, { state: 'revoked' });
    await own.redis.set(keys.token(token?.id ?? ''), JSON.stringify({ ...token, state: '[secret]' }));
    expect(await mendToken(own.redis, token?.id ?? '')).toBe(true);
    expect(await view(own.redis, session.id)).toMatchObject({
      session: { status: 'succeeded' },
      token: { state: 'revoked' },
    });
    expect((await eventsOf(own.redis, session.id, '0')).map(({ type }) => type)).toEqual(['accepted']);
  });

  it('is mended although no session names its token', async () => {
    const { session, token } = await running();
    await own.redis.del(keys.session(session.id));
    await own.redis.set(keys.token(token.id), '{');
    expect(await mendToken(own.redis, token.id)).toBe(true);
    expect(await readToken(own.redis, token.id)).toMatchObject({ state: 'unknown', sessionId: '' });
  });

  it('is left alone where it can be read, and where there is none', async () => {
    const { token } = await running();
    expect(await mendToken(own.redis, token.id)).toBe(false);
    expect(await mendToken(own.redis, 'tok_none')).toBe(false);
  });
});
