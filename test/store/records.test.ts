import { describe, expect, it } from 'vitest';
import { eventsOf } from '../../src/store/events.ts';
import { countSessions, countTokens, listSessions, queuePosition, unsettledSessions } from '../../src/store/listing.ts';
import { change, forget, readSession, view } from '../../src/store/records.ts';
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

  it('page newest first, and a page does not move when sessions are added', async () => {
    const at = (n: number) => `2026-02-01T00:00:0${n}.000Z`;
    const ids = ['ses_p0', 'ses_p1', 'ses_p2', 'ses_p3', 'ses_p4'];
    for (const [n, id] of ids.entries()) await accept(id, { createdAt: at(n), metadata: 'p' });
    const query = { status: null, limit: 2, keep: ({ id }: { id: string }) => id.startsWith('ses_p') };
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
});
