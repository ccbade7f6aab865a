import { describe, expect, it } from 'vitest';
import type { TokenState } from '../../src/token/state.ts';
import { keys } from '../../src/store/keys.ts';
import { eventsOf } from '../../src/store/events.ts';
import {
  countSessions,
  countTokens,
  listSessions,
  queuePosition,
  tokenIds,
  unsettledSessions,
} from '../../src/store/listing.ts';
import { change, forget, readSession, unlistSettled, view } from '../../src/store/records.ts';
import { requireDurableRedis } from '../../src/store/redis.ts';
import { aSession, aToken } from '../support/records.ts';
import { useTestRedis } from '../support/redis.ts';

describe('the records of sessions and tokens', () => {
  const own = useTestRedis();

  const accept = (id: string, over = {}) =>
    change(own.redis, { sessionId: id }, () => ({
      session: aSession({ id, ...over }),
      events: [{ type: 'accepted' }],
    }));

  it('move with their indexes and events in one step', async () => {
    await accept('ses_move');
    await change(own.redis, { sessionId: 'ses_move', tokenId: 'tok_move' }, ({ session }) => ({
      session: { ...(session ?? aSession()), status: 'starting', tokenId: 'tok_move' },
      token: aToken({ id: 'tok_move', sessionId: 'ses_move' }),
      events: [{ type: 'started', detail: { worker: 'w' } }],
    }));
    expect((await view(own.redis, 'ses_move')).token?.state).toBe('intended');
    expect(await countSessions(own.redis, 'starting')).toBe(1);
    expect(await countTokens(own.redis, 'intended')).toBe(1);
    expect((await eventsOf(own.redis, 'ses_move', '0')).map(({ type }) => type)).toEqual(['accepted', 'started']);
    expect(await unsettledSessions(own.redis)).toContain('ses_move');
  });

  it('refuse a move that is not in the table, and stay as they were', async () => {
    await accept('ses_illegal');
    const moving = change(own.redis, { sessionId: 'ses_illegal' }, ({ session }) => ({
      session: { ...(session ?? aSession()), status: 'running' },
    }));
    await expect(moving).rejects.toThrow('from queued to running');
    expect((await readSession(own.redis, 'ses_illegal'))?.status).toBe('queued');
  });

  it('let exactly one of many side by side be first', async () => {
    await accept('ses_race');
    const claims = Array.from({ length: 20 }, async (_, i) => {
      const { session } = await change(own.redis, { sessionId: 'ses_race' }, ({ session: now }) =>
        now?.worker === null ? { session: { ...now, worker: `w${i}` }, events: [{ type: 'started' }] } : null,
      );
      return session?.worker === `w${i}`;
    });
    expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
    expect((await eventsOf(own.redis, 'ses_race', '0')).filter(({ type }) => type === 'started')).toHaveLength(1);
  });

  it('leave the list of what is to be done only when token and sandbox are gone too', async () => {
    const sandbox = { id: 'sbx', image: 'i', engine: 'engine-1', claimedAt: null, removedAt: null };
    await accept('ses_end', { status: 'running', tokenId: 'tok_end', sandbox });
    const step = (decide: Parameters<typeof change>[2]) =>
      change(own.redis, { sessionId: 'ses_end', tokenId: 'tok_end' }, decide);
    await step(() => ({ token: aToken({ id: 'tok_end', sessionId: 'ses_end', state: 'active' }) }));
    await step(({ session, token }) => ({
      session: { ...(session ?? aSession()), status: 'succeeded' },
      token: { ...(token ?? aToken()), state: 'revoking' },
    }));
    expect(await unsettledSessions(own.redis)).toContain('ses_end');
    await step(({ token }) => ({ token: { ...(token ?? aToken()), state: 'revoked' } }));
    expect(await unsettledSessions(own.redis)).toContain('ses_end');
    await step(({ session }) => ({
      session: { ...(session ?? aSession()), sandbox: { ...sandbox, removedAt: 'now' } },
    }));
    expect(await unsettledSessions(own.redis)).not.toContain('ses_end');
    expect(await forget(own.redis, await view(own.redis, 'ses_end'))).toBe(true);
    expect(await view(own.redis, 'ses_end')).toEqual({ session: null, token: null });
  });

  it('leave a settled session alone when another token of it changes', async () => {
    await accept('ses_former', { status: 'failed', tokenId: 'tok_now', formerTokenIds: ['tok_before'] });
    const move = (tokenId: string, state: TokenState) =>
      change(own.redis, { sessionId: 'ses_former', tokenId }, ({ token }) => ({
        token: { ...(token ?? aToken({ id: tokenId, sessionId: 'ses_former' })), state },
      }));
    await move('tok_now', 'active');
    await move('tok_now', 'revoking');
    await move('tok_now', 'revoked');
    expect(await unsettledSessions(own.redis)).not.toContain('ses_former');
    await move('tok_before', 'unknown');
    await move('tok_before', 'expired');
    expect(await unsettledSessions(own.redis)).not.toContain('ses_former');
  });

  it('are taken off the list when they are settled after all, or gone, and only then', async () => {
    await accept('ses_lost', { status: 'failed', tokenId: 'tok_lost' });
    await accept('ses_alive', { status: 'running' });
    await own.redis.sadd(keys.unsettled, 'ses_gone');
    const stale = await view(own.redis, 'ses_alive');
    for (const id of ['ses_lost', 'ses_alive', 'ses_gone'])
      await unlistSettled(own.redis, id, await view(own.redis, id));
    await unlistSettled(own.redis, 'ses_alive', { ...stale, session: aSession({ id: 'ses_alive', status: 'failed' }) });
    const listed = await unsettledSessions(own.redis);
    expect(['ses_lost', 'ses_alive', 'ses_gone'].filter((id) => listed.includes(id))).toEqual(['ses_alive']);
  });

  it('are forgotten with the lines of all their tokens that are over, unless one of them has moved', async () => {
    await accept('ses_old', { status: 'failed', tokenId: 'tok_last', formerTokenIds: ['tok_first', 'tok_alive'] });
    const move = (tokenId: string, state: TokenState) =>
      change(own.redis, { sessionId: 'ses_old', tokenId }, ({ token }) => ({
        token: { ...(token ?? aToken({ id: tokenId, sessionId: 'ses_old' })), state },
      }));
    await move('tok_first', 'expired');
    await move('tok_alive', 'revoking');
    await move('tok_last', 'unknown');
    const seen = await view(own.redis, 'ses_old');
    await move('tok_last', 'expired');
    expect(await forget(own.redis, seen)).toBe(false);
    expect(await forget(own.redis, await view(own.redis, 'ses_old'))).toBe(true);
    expect(await own.redis.exists(keys.token('tok_first'), keys.token('tok_last'), keys.session('ses_old'))).toBe(0);
    expect(await tokenIds(own.redis, 'expired')).not.toContain('tok_first');
    expect(await tokenIds(own.redis, 'revoking')).toContain('tok_alive');
  });

  it('page newest first, and a page does not move when sessions are added', async () => {
    const at = (n: number) => `2026-02-01T00:00:0${n}.000Z`;
    const ids = ['ses_p0', 'ses_p1', 'ses_p2', 'ses_p3', 'ses_p4'];
    for (const [n, id] of ids.entries()) await accept(id, { createdAt: at(n), metadata: 'p' });
    const query = { keyId: null, status: null, limit: 2, keep: ({ id }: { id: string }) => id.startsWith('ses_p') };
    const first = await listSessions(own.redis, { ...query, cursor: null });
    expect(first.items.map(({ id }) => id)).toEqual(['ses_p4', 'ses_p3']);
    await accept('ses_p9', { createdAt: at(9) });
    const second = await listSessions(own.redis, { ...query, cursor: first.nextCursor });
    expect(second.items.map(({ id }) => id)).toEqual(['ses_p2', 'ses_p1']);
    const last = await listSessions(own.redis, { ...query, cursor: second.nextCursor });
    expect(last).toMatchObject({ items: [{ id: 'ses_p0' }], nextCursor: null });
  });

  it('know how many wait before a session', async () => {
    const waiting = await countSessions(own.redis, 'queued');
    await accept('ses_last', { createdAt: '2026-03-01T00:00:00.000Z' });
    const session = await readSession(own.redis, 'ses_last');
    expect(await queuePosition(own.redis, session ?? aSession())).toBe(waiting);
  });

  it('are kept by a Redis that forgets nothing, and no other is taken', async () => {
    await expect(requireDurableRedis(own.redis)).resolves.toBeUndefined();
    await own.redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await expect(requireDurableRedis(own.redis)).rejects.toThrow('maxmemory-policy must be noeviction');
    await own.redis.config('SET', 'maxmemory-policy', 'noeviction');
  });

  it('are kept by a Redis that forbids CONFIG where its operator says that it forgets nothing', async () => {
    await own.redis.call('ACL', 'SETUSER', 'hosted', 'on', 'nopass', '~*', '&*', '+@all', '-config');
    const hosted = own.redis.duplicate({ username: 'hosted', password: 'any' });
    await expect(requireDurableRedis(hosted)).rejects.toThrow('DAYPASS_REDIS_PERSISTENCE=stated');
    await expect(requireDurableRedis(hosted, { isStated: true })).resolves.toBeUndefined();
    await own.redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await expect(requireDurableRedis(own.redis, { isStated: true })).rejects.toThrow('maxmemory-policy must be');
    await own.redis.config('SET', 'maxmemory-policy', 'noeviction');
    hosted.disconnect();
  });
});
