import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadWorkerConfig } from '../../../src/config.ts';
import { keys } from '../../../src/store/keys.ts';
import { readSession, readToken } from '../../../src/store/records.ts';
import type { SessionRecord } from '../../../src/session/record.ts';
import type { TokenRecord } from '../../../src/token/record.ts';
import { createRetention } from '../../../workers/reconcile/retention.ts';
import { putSession } from '../../support/api-rig.ts';
import { appendLog } from '../../support/logs.ts';
import { useTestRedis } from '../../support/redis.ts';

const HOUR_MS = 3_600_000;
const hoursAgo = (hours: number): string => new Date(Date.now() - hours * HOUR_MS).toISOString();

describe('what is kept no longer', () => {
  const own = useTestRedis();
  let logDir: string;
  beforeAll(async () => {
    logDir = await mkdtemp(join(tmpdir(), 'daypass-logs-'));
  });
  afterAll(async () => rm(logDir, { recursive: true, force: true }));

  const deps = () => ({
    redis: own.redis,
    log: pino({ level: 'silent' }),
    config: loadWorkerConfig({
      DAYPASS_REDIS_URL: own.server.url,
      DAYPASS_LOG_DIR: logDir,
      DAYPASS_KEEP_SESSIONS_HOURS: '20',
      DAYPASS_KEEP_LOGS_HOURS: '10',
    }),
  });
  const put = async (over: Partial<SessionRecord>, token: Partial<TokenRecord> | null = { state: 'revoked' }) => {
    const made = await putSession(own.redis, over, token);
    await appendLog({ redis: own.redis, api: { logDir } }, made.session.id, [
      { id: '1', time: hoursAgo(0), stream: 'stdout', text: 'hello' },
    ]);
    return { id: made.session.id, tokenId: made.token?.id ?? '' };
  };

  it('goes by the time of each, and nothing goes that is not settled', async () => {
    const retain = createRetention();
    const ended = (hours: number) => ({ status: 'succeeded' as const, endedAt: hoursAgo(hours) });
    const fresh = await put(ended(9));
    const older = await put(ended(11));
    const old = await put(ended(21));
    const unsettled = await put(ended(100), { state: 'revoking' });
    const container = { id: 'sbx_1', image: 'i', engine: 'engine-1', claimedAt: hoursAgo(101), removedAt: null };
    const boxed = await put({ ...ended(100), sandbox: container });
    const running = await put({ status: 'running', createdAt: hoursAgo(1_000) }, { state: 'active' });

    await retain(deps());
    const kept = [fresh, older, unsettled, boxed, running];
    for (const { id } of kept) expect(await readSession(own.redis, id)).not.toBeNull();
    expect((await readdir(logDir)).toSorted()).toEqual(
      [fresh, unsettled, boxed, running].map(({ id }) => id).toSorted(),
    );
    expect(await readSession(own.redis, old.id)).toBeNull();
    expect(await readToken(own.redis, old.tokenId)).toBeNull();
    expect(await own.redis.keys(`*${old.id}*`)).toEqual([]);
    for (const index of [keys.sessions, keys.ended('sessions'), keys.ended('logs')]) {
      expect((await own.redis.zrange(index, '0', '-1')).join()).not.toContain(old.id);
    }
    expect((await own.redis.zrange(keys.ended('logs'), '0', '-1')).join()).not.toContain(older.id);
  });

  it('includes the logs of sessions that nobody knows, once they are old, and nothing else that lies there', async () => {
    const retain = createRetention();
    for (const name of ['ses_stray', 'ses_young', 'lost+found']) await mkdir(join(logDir, name));
    const old = new Date(Date.now() - 11 * HOUR_MS);
    for (const name of ['ses_stray', 'lost+found']) await utimes(join(logDir, name), old, old);
    await retain(deps());
    const left = await readdir(logDir);
    expect(left).not.toContain('ses_stray');
    expect(left).toEqual(expect.arrayContaining(['ses_young', 'lost+found']));
  });

  it('goes in one round after the other when there is much of it, past what has to stay', async () => {
    const endedAt = hoursAgo(200);
    const stuck = await put({ status: 'failed', endedAt: hoursAgo(300) }, { state: 'revoking' });
    for (let i = 0; i < 2_500; i += 100) {
      await Promise.all(Array.from({ length: 100 }, () => putSession(own.redis, { status: 'failed', endedAt })));
    }
    const count = async () => own.redis.zcard(keys.sessionsByStatus('failed'));
    const retain = createRetention();
    const before = await count();
    await retain(deps());
    expect(await count()).toBe(before - 1_999);
    await retain(deps());
    expect(await count()).toBe(before - 2_500);
    expect(await readSession(own.redis, stuck.id)).not.toBeNull();
  });
});
