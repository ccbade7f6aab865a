import { describe, expect, it } from 'vitest';
import { checkSessions } from '../../src/invariants/check-sessions.ts';
import { readLedger } from '../../src/invariants/read/ledger.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import { sessionProblem } from '../../src/session/record-shape.ts';
import { eventsOf } from '../../src/store/events.ts';
import { keys } from '../../src/store/keys.ts';
import { endAtLast } from '../../src/store/last-resort.ts';
import { UnreadableRecord } from '../../src/store/parse-record.ts';
import { change, readSession, view } from '../../src/store/records.ts';
import type { Redis } from '../../src/store/redis.ts';
import { putSession } from '../support/api-rig.ts';
import { OTHER_TYPES } from '../support/damage.ts';
import { useTestRedis } from '../support/redis.ts';
import { makeReadable } from '../../workers/reconcile/unreadable.ts';

const failure = { code: 'internal_error', message: 'a fault of a test', step: 'run' } as const;
const deadlineAt = '2026-01-01T00:01:00.000Z';
const sandbox = { id: 'sbx_1', image: 'i', engine: 'engine-1', claimedAt: deadlineAt, removedAt: null };

/** What may stand under a session's key instead of its record. */
const DAMAGED_TEXTS: Record<string, (record: SessionRecord) => string> = {
  'no JSON': () => '{"id":"ses_',
  'an empty text': () => '',
  'a list': () => '[]',
  null: () => 'null',
  'an empty record': () => '{}',
  'a record with a status that there is none of': (record) => JSON.stringify({ ...record, status: '[secret]' }),
  'a record without its status': (record) => JSON.stringify({ ...record, status: undefined }),
  'a record with masked names': (record) => JSON.stringify(record).replaceAll(/"(\w*o\w*)":/g, '"[secret]":'),
  'a record with a time that is none': (record) => JSON.stringify({ ...record, createdAt: '[secret]' }),
};

type Damage = (redis: Redis, record: SessionRecord) => Promise<unknown>;

const DAMAGES: [what: string, damage: Damage][] = [
  ...Object.entries(DAMAGED_TEXTS).map(([what, of]): [string, Damage] => [
    what,
    (redis, record) => redis.set(keys.session(record.id), of(record)),
  ]),
  ...Object.entries(OTHER_TYPES).map(([what, put]): [string, Damage] => [
    what,
    (redis, { id }) => put(redis, keys.session(id)),
  ]),
];

describe('the last resort for a session', () => {
  const own = useTestRedis();
  const mayEnd = () => true;

  it.each(DAMAGES)('ends one that goes on and has %s under its key', async (_what, damage) => {
    const { redis } = own;
    await redis.flushall();
    const { session, token } = await putSession(redis, { status: 'running', deadlineAt, sandbox }, { state: 'active' });
    await damage(redis, session);
    await expect(readSession(redis, session.id)).rejects.toThrow(UnreadableRecord);
    expect((await readLedger(redis)).unreadable.get(session.id)).toContain(`session ${session.id} cannot be read`);

    expect(await endAtLast(redis, session.id, { failure, mayEnd: () => false })).toBe(true);
    const ended = await view(redis, session.id);
    expect(ended.session).toMatchObject({ id: session.id, status: 'failed', failure, sealedSecrets: null });
    expect(ended.session).toMatchObject({ createdAt: session.createdAt, keyId: session.keyId });
    expect(sessionProblem(ended.session)).toBeNull();
    // Its token is the session's still, and due by the law as one of a session that has ended.
    const ids = [ended.session?.tokenId, ...(ended.session?.formerTokenIds ?? [])];
    expect(ids).toContain(token?.id);
    expect((await eventsOf(redis, session.id, '0')).filter(({ type }) => type === 'ended')).toHaveLength(1);
    // Nothing is wrong but that it is not taken back yet.
    const wrong = checkSessions(await readLedger(redis)).map(({ sentence }) => sentence);
    expect(wrong).toEqual([expect.stringContaining('has ended, and')]);
    expect(await endAtLast(redis, session.id, { failure, mayEnd })).toBe(true);
    expect((await eventsOf(redis, session.id, '0')).filter(({ type }) => type === 'ended')).toHaveLength(1);
  });

  it('ends one whose record can be read only if its caller may', async () => {
    const { session } = await putSession(own.redis, { status: 'running', deadlineAt, term: 3, exitCode: null });
    expect(await endAtLast(own.redis, session.id, { failure, mayEnd: ({ term }) => term === 2 })).toBe(false);
    expect((await readSession(own.redis, session.id))?.status).toBe('running');
    expect(await endAtLast(own.redis, session.id, { failure, mayEnd: ({ term }) => term === 3 })).toBe(true);
    expect(await readSession(own.redis, session.id)).toMatchObject({
      ...session,
      status: 'failed',
      failure,
      endedAt: expect.any(String),
    });
  });

  it('leaves an end as it is, and makes the rest of its record readable', async () => {
    const over = { status: 'succeeded', endedAt: deadlineAt, exitCode: 0, deadlineAt } as const;
    const { session } = await putSession(own.redis, over);
    const damaged = { ...session, exitCode: undefined, '[secret]': 0 };
    await own.redis.set(keys.session(session.id), JSON.stringify(damaged));
    expect(await makeReadable(own.redis, session.id)).toBe(true);
    expect(await readSession(own.redis, session.id)).toEqual({ ...session, exitCode: null });
    expect(await makeReadable(own.redis, session.id)).toBe(false);
    expect((await eventsOf(own.redis, session.id, '0')).filter(({ type }) => type === 'ended')).toEqual([]);
  });

  it('has nothing to end where there is no record', async () => {
    expect(await endAtLast(own.redis, 'ses_nowhere', { failure, mayEnd })).toBe(false);
  });
});

describe('a session that cannot be read', () => {
  const own = useTestRedis();

  it('keeps nobody from changing its token, and is not written over as if it was not there', async () => {
    const { session, token } = await putSession(own.redis, { status: 'running', deadlineAt }, { state: 'active' });
    const ids = { sessionId: session.id, tokenId: token?.id ?? '' };
    await own.redis.set(keys.session(session.id), '{}');
    const writing = change(own.redis, ids, () => ({ session }));
    await expect(writing).rejects.toThrow(UnreadableRecord);
    const after = await change(own.redis, ids, ({ session: seen, token: now }) =>
      seen === null && now !== null ? { token: { ...now, state: 'revoking', revokingAt: deadlineAt } } : null,
    );
    expect(after.token?.state).toBe('revoking');
    expect(await own.redis.get(keys.session(session.id))).toBe('{}');
  });
});
