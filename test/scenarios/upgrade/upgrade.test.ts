import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { sessionSchema } from '../../../src/api/schemas/session.ts';
import { checkDeadlines } from '../../../src/invariants/check-deadlines.ts';
import { checkSessions } from '../../../src/invariants/check-sessions.ts';
import { readLedger } from '../../../src/invariants/read/ledger.ts';
import { connectPatientRedis, type Redis } from '../../../src/store/redis.ts';
import { eventually } from '../../support/eventually.ts';
import { nothingLeft, startStack, type Stack } from '../../support/stack.ts';
import { createRepo, settled, startSession } from '../session.ts';

/*
 * What a version that masked whole records left in Redis of sessions whose secret was a word of its own records, taken as it
 * was while its roles ran; with ENGINE and HOST for the engine's id and the repo host. That version wrote `stopping` and
 * could not write an end, or left out fields.
 */
const LEFT = new URL('left-by-an-earlier-version.json', import.meta.url);
const SESSIONS = {
  succeeded: 'ses_MT8ceCIN-8SOWq2aCvesH',
  status: 'ses_TfM5yaZXrJenKMpKaya0O',
  stat: 'ses_zVx025_KUGwAVn5hGLgSF',
  exitCode: 'ses_mphkY1MR6JoZgVFybx_HZ',
  failure: 'ses_oZ9ocxlqIQg_yYCKKmol9',
  ended: 'ses_LLWy0V-Vu_ySbdhCalHaW',
  stillRunning: 'ses__1Ed3-ri8Mrw8oSyjpWs6',
};
const LONG_AGO_MS = 60 * 60_000;
const ISO_TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

let stack: Stack;
let redis: Redis;

beforeAll(async () => {
  // The key of what is sealed in what was left.
  const sealKey = Buffer.from('obviously-fake-seal-key-of-tests').toString('base64');
  stack = await startStack({ DAYPASS_SEAL_KEYS: `k1:${sealKey}` });
  redis = connectPatientRedis(stack.redis.url);
});
afterAll(async () => {
  redis?.disconnect();
  await stack?.[Symbol.asyncDispose]();
});

/** Puts it there as if it had been left an hour ago, by this host. */
async function leave(): Promise<void> {
  const text = await readFile(LEFT, 'utf8');
  const times = [...text.matchAll(ISO_TIME)].map(([time]) => Date.parse(time));
  const shiftMs = Date.now() - LONG_AGO_MS - Math.max(...times.filter((time) => time < Math.min(...times) + 120_000));
  const { ID: engine } = (await stack.docker.info()) as { ID: string };
  const here = text
    .replaceAll('ENGINE', engine)
    .replaceAll('HOST', new URL(stack.gitHostUrl).host)
    .replaceAll(ISO_TIME, (time) => new Date(Date.parse(time) + shiftMs).toISOString());
  const left = JSON.parse(here) as Record<
    string,
    string | { set?: string[]; sorted?: string[]; stream?: [string, string[]][] }
  >;
  for (const [key, value] of Object.entries(left)) {
    if (typeof value === 'string') await redis.set(key, value);
    else if (value.set) await redis.sadd(key, ...value.set);
    else if (value.sorted) await redis.zadd(key, ...value.sorted.flatMap((member) => [0, member]));
    else for (const [, fields] of value.stream ?? []) await redis.xadd(key, '*', ...fields);
  }
}

test(
  'sessions that an earlier version could not end are final after the first start, and every list is readable',
  { timeout: 120_000 },
  async () => {
    await Promise.all((['worker', 'minter', 'api'] as const).map((role) => stack.stop(role)));
    await leave();
    for (const role of ['minter', 'worker', 'api'] as const) await stack.start(role);

    for (const id of Object.values(SESSIONS)) {
      const { token } = await settled(stack, id);
      expect([id, token?.state]).toEqual([id, expect.stringMatching(/^(revoked|expired)$/)]);
    }
    const list = await eventually(
      async () =>
        z.object({ data: z.array(sessionSchema) }).safeParse(await (await stack.call('GET', '/v1/sessions')).json()),
      ({ success }) => success,
      { timeoutMs: 30_000 },
    );
    expect(list.data?.data).toHaveLength(Object.keys(SESSIONS).length);
    const endOf = (id: string) => {
      const found = list.data?.data.find((session) => session.id === id);
      return { status: found?.status, exitCode: found?.exitCode, failure: found?.failure };
    };
    // What was lost of an end is not made up.
    expect(endOf(SESSIONS.exitCode)).toEqual({ status: 'succeeded', exitCode: null, failure: null });
    expect(endOf(SESSIONS.failure)).toEqual({ status: 'succeeded', exitCode: 0, failure: null });
    expect(endOf(SESSIONS.ended)).toEqual({ status: 'succeeded', exitCode: 0, failure: null });

    const ledger = await readLedger(redis);
    expect([...checkSessions(ledger), ...checkDeadlines(ledger, Date.now(), 0)]).toEqual([]);
    expect(ledger.sessions).toHaveLength(Object.keys(SESSIONS).length);
    expect(await nothingLeft(stack)).toEqual([]);

    // And what is started then lives as any other.
    const { id } = await startSession(stack, {
      repos: [{ id: await createRepo(stack) }],
      command: ['true'],
      secrets: { P: 'succeeded' },
    });
    expect(await settled(stack, id)).toMatchObject({ status: 'succeeded', exitCode: 0 });
  },
);
