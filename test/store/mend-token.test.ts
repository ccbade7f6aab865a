import { describe, expect, it } from 'vitest';
import { readLedger } from '../../src/invariants/read/ledger.ts';
import { eventsOf } from '../../src/store/events.ts';
import { illegalTokens } from '../../src/store/illegal-tokens.ts';
import { indexEntry, keys } from '../../src/store/keys.ts';
import { sortedTokens } from '../../src/store/listing.ts';
import { mendToken, mendTokens, viewMended } from '../../src/store/mend-token.ts';
import { UnreadableRecord } from '../../src/store/parse-record.ts';
import { change, forget, readSession, readToken, view } from '../../src/store/records.ts';
import type { Redis } from '../../src/store/redis.ts';
import { tokenProblem } from '../../src/token/record-shape.ts';
import type { TokenRecord } from '../../src/token/record.ts';
import { putSession } from '../support/api-rig.ts';
import { OTHER_TYPES } from '../support/damage.ts';
import { aToken } from '../support/records.ts';
import { useTestRedis } from '../support/redis.ts';

/** What may stand under a token's key instead of its line, and whether the value can still be read of it. */
const DAMAGED_TEXTS: Record<string, { of: (line: TokenRecord) => string; hasValue: boolean }> = {
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

interface LineDamage {
  damage: (redis: Redis, line: TokenRecord) => Promise<unknown>;
  hasValue: boolean;
}

const DAMAGES: [what: string, damage: LineDamage][] = [
  ...Object.entries(DAMAGED_TEXTS).map(([what, { of, hasValue }]): [string, LineDamage] => [
    what,
    { damage: (redis, line) => redis.set(keys.token(line.id), of(line)), hasValue },
  ]),
  ...Object.entries(OTHER_TYPES).map(([what, put]): [string, LineDamage] => [
    what,
    { damage: (redis, { id }) => put(redis, keys.token(id)), hasValue: false },
  ]),
];

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

  it.each(DAMAGES)('has %s: its token is due, and its session ends', async (_what, { damage, hasValue }) => {
    const { redis } = own;
    const { session, token } = await running();
    await damage(redis, token);
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
  });

  it('is not written over as if it was not there', async () => {
    const { session, token } = await running();
    await own.redis.del(keys.token(token.id));
    await own.redis.rpush(keys.token(token.id), 'x');
    const ids = { sessionId: session.id, tokenId: token.id };
    await expect(change(own.redis, ids, () => ({ token }))).rejects.toThrow('is not a text but a list');
    expect(await own.redis.type(keys.token(token.id))).toBe('list');
  });

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

describe('a line of the ledger that is gone', () => {
  const own = useTestRedis();
  const lost = async (over: Partial<TokenRecord> = {}) => {
    await own.redis.flushall();
    const put = await putSession(own.redis, { status: 'running' }, { state: 'active', sealed: 'k1:sealed', ...over });
    if (put.token === null) throw new Error('no token was put');
    await own.redis.del(keys.token(put.token.id));
    return { session: put.session, token: put.token };
  };
  const statesThatList = async (id: string): Promise<string[]> => {
    const { tokenIndexes } = await readLedger(own.redis);
    return [...tokenIndexes.byState].filter(([, ids]) => ids.includes(id)).map(([state]) => state);
  };

  it('is written anew where an index lists it: its lifetime ends its token, and its session ends', async () => {
    const { session, token } = await lost();
    const { unreadable } = await sortedTokens(own.redis, 'active');
    expect(unreadable).toEqual([{ id: token.id, field: '(record)', problem: 'is gone' }]);
    expect((await illegalTokens(own.redis, new Date())).unreadable).toBe(1);

    expect(await mendToken(own.redis, token.id)).toBe(true);
    const line = await readToken(own.redis, token.id);
    expect(line).toMatchObject({ state: 'unknown', sessionId: session.id, intendedAt: token.intendedAt });
    expect(Date.parse(line?.expiresAt ?? '')).toBeGreaterThan(Date.now());
    expect(await statesThatList(token.id)).toEqual(['unknown']);
    expect(await readSession(own.redis, session.id)).toMatchObject({
      status: 'failed',
      failure: { code: 'internal_error', message: expect.stringContaining('is gone') },
    });
    expect((await eventsOf(own.redis, session.id, '0')).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['token_unknown', 'ended']),
    );
    expect(await mendToken(own.redis, token.id)).toBe(false);
  });

  it('is written anew where only its session names it, and where only the index of its state lists it', async () => {
    const { session, token } = await lost();
    const entry = indexEntry(token.intendedAt, token.id);
    const unlisted = [keys.tokens, keys.tokensByState('active')];
    for (const set of unlisted) await own.redis.zrem(set, entry);
    expect((await viewMended(own.redis, session.id)).token).toMatchObject({ id: token.id, state: 'unknown' });
    expect((await readSession(own.redis, session.id))?.status).toBe('failed');

    const listed = await lost();
    await own.redis.zrem(keys.tokens, indexEntry(listed.token.intendedAt, listed.token.id));
    expect(await mendToken(own.redis, listed.token.id)).toBe(true);
    expect(await statesThatList(listed.token.id)).toEqual(['unknown']);
  });

  it('is written anew of a former token, whose session goes on', async () => {
    const { session, token } = await lost();
    const next = aToken({ id: 'tok_next', sessionId: session.id, state: 'active' });
    await change(own.redis, { sessionId: session.id, tokenId: next.id }, () => ({
      session: { ...session, tokenId: next.id, formerTokenIds: [token.id] },
      token: next,
    }));
    expect(await viewMended(own.redis, session.id)).toMatchObject({
      session: { status: 'running' },
      token: { id: next.id, state: 'active' },
    });
    expect(await readToken(own.redis, token.id)).toMatchObject({ state: 'unknown', sessionId: session.id });
  });

  it('is what the index says where the token was over', async () => {
    const { session, token } = await lost({ state: 'revoked' });
    expect(await mendToken(own.redis, token.id)).toBe(true);
    expect(await readToken(own.redis, token.id)).toMatchObject({ state: 'revoked' });
    expect((await readSession(own.redis, session.id))?.status).toBe('running');
  });

  it('does not come back where it was forgotten with its session', async () => {
    await own.redis.flushall();
    const over = { status: 'succeeded', endedAt: '2026-01-01T00:00:00.000Z' } as const;
    const { session, token } = await putSession(own.redis, over, { state: 'unknown' });
    await own.redis.del(keys.token(token?.id ?? ''));
    const tokenId = token?.id ?? '';
    // Another process mends it and forgets both, between what is read here and what is written.
    const others = async (): Promise<void> => {
      await mendToken(own.redis, tokenId);
      expect(await forget(own.redis, { session, token: await readToken(own.redis, tokenId) })).toBe(true);
    };
    const redis = new Proxy(own.redis, {
      get: (target, name) =>
        name === 'eval'
          ? async (...args: [string, number, string]) => {
              await others();
              return own.redis.eval(...args);
            }
          : (Reflect.get(target, name, target) as unknown),
    });
    expect(await mendToken(redis, tokenId)).toBe(false);
    expect(await readToken(own.redis, tokenId)).toBeNull();
    expect(await statesThatList(tokenId)).toEqual([]);
  });
});
