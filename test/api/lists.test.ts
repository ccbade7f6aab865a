import { afterAll, beforeAll, expect, test } from 'vitest';
import { indexEntry, keys } from '../../src/store/keys.ts';
import { reportWorker } from '../../src/store/workers.ts';
import { putSession, startApiRig, type ApiRig } from '../support/api-rig.ts';
import { aSession } from '../support/records.ts';

let rig: ApiRig;

beforeAll(async () => {
  rig = await startApiRig();
  for (let i = 0; i < 5; i++) {
    const { request } = aSession();
    await putSession(
      rig.redis,
      {
        id: `ses_${i}`,
        createdAt: new Date(1_800_000_000_000 + i).toISOString(),
        status: i % 2 === 0 ? 'running' : 'queued',
        request: { ...request, metadata: { task: `${i}`, team: i < 3 ? 'a' : 'b' } },
      },
      i % 2 === 0
        ? { state: i === 4 ? 'revoking' : 'active', id: `tok_${i}`, fingerprint: 'abcdef012345', sealed: 'v1.k.s' }
        : null,
    );
  }
});
afterAll(async () => {
  await rig?.close();
});

interface Page {
  data: { id: string }[];
  nextCursor: string | null;
}

async function list(path: string): Promise<{ ids: string[]; next: string | null }> {
  const { status, body } = await rig.call('GET', path);
  expect(status).toBe(200);
  const { data, nextCursor } = body as Page;
  return { ids: data.map(({ id }) => id), next: nextCursor };
}

test('sessions are listed newest first, page by page, none twice', async () => {
  const first = await list('/v1/sessions?limit=2');
  expect(first.ids).toEqual(['ses_4', 'ses_3']);
  const second = await list(`/v1/sessions?limit=2&cursor=${first.next}`);
  expect(second.ids).toEqual(['ses_2', 'ses_1']);
  expect(await list(`/v1/sessions?limit=2&cursor=${second.next}`)).toEqual({ ids: ['ses_0'], next: null });
});

test('status and metadata narrow the list, together', async () => {
  expect((await list('/v1/sessions?status=queued')).ids).toEqual(['ses_3', 'ses_1']);
  expect((await list('/v1/sessions?metadata.team=a')).ids).toEqual(['ses_2', 'ses_1', 'ses_0']);
  expect((await list('/v1/sessions?metadata.team=a&metadata.task=1&status=queued')).ids).toEqual(['ses_1']);
  expect((await list('/v1/sessions?metadata.none=a')).ids).toEqual([]);
});

test('one page reads so many records and no more, and the next goes on behind them', async () => {
  const old = Array.from({ length: 5_000 }, (_, i) => indexEntry('2020-01-01T00:00:00.000Z', `ses_old_${i}`));
  await rig.redis.zadd(keys.sessions, ...old.flatMap((entry) => [0, entry]));
  const first = await list('/v1/sessions?metadata.none=a');
  expect(first).toEqual({ ids: [], next: expect.any(String) });
  expect(await list(`/v1/sessions?metadata.none=a&cursor=${first.next}`)).toEqual({ ids: [], next: null });
  await rig.redis.zrem(keys.sessions, ...old);
});

test('a waiting session tells how many wait before it', async () => {
  expect((await rig.call('GET', '/v1/sessions/ses_3')).body).toMatchObject({ queuePosition: 1 });
});

test.each([
  ['/v1/sessions?limit=0', 'limit'],
  ['/v1/sessions?limit=many', 'limit'],
  ['/v1/sessions?status=lost', 'status'],
  ['/v1/sessions?cursor=xyz', 'cursor'],
  ['/v1/sessions?page=2', 'page'],
  ['/v1/sessions?status=queued&status=running', 'status'],
  ['/v1/tokens?state=lost', 'state'],
  ['/v1/sessions/ses_1/logs?after=x', 'after'],
  ['/v1/sessions/ses_1/events?after=1-x', 'after'],
])('%s is refused, naming the parameter', async (path, parameter) => {
  expect(await rig.call('GET', path)).toMatchObject({ status: 422, body: { errors: [{ path: parameter }] } });
});

test('the ledger is listed by state, without values, sealed or not', async () => {
  const { body } = await rig.call('GET', '/v1/tokens');
  expect((body as Page).data.map(({ id }) => id).toSorted()).toEqual(['tok_0', 'tok_2', 'tok_4']);
  expect(JSON.stringify(body)).not.toContain('v1.k.s');
  expect((await list('/v1/tokens?state=revoking')).ids).toEqual(['tok_4']);
});

test('workers are listed with what they run, and stats count what there is', async () => {
  const now = new Date().toISOString();
  const worker = {
    name: 'host-1',
    engine: 'engine-1',
    startedAt: now,
    seenAt: now,
    concurrency: 16,
    running: ['ses_0'],
    disks: { way: 'ext4' as const, because: null },
    capacity: { cpus: 2, memoryMb: 4_096, diskMb: 10_000 },
  };
  await reportWorker(rig.redis, worker);
  expect((await rig.call('GET', '/v1/workers')).body).toEqual({ data: [worker], nextCursor: null });
  expect((await rig.call('GET', '/v1/stats')).body).toMatchObject({
    sessions: { queued: 2, running: 3, stopping: 0 },
    tokens: { active: 2, revoking: 1, unknown: 0 },
    queue: { waiting: 0, active: 0, delayed: 0 },
    revocationDebt: { count: 1, oldestSeconds: expect.any(Number) },
  });
});

test('metrics tell the same, and count calls by route and not by id', async () => {
  await rig.call('GET', '/v1/sessions/ses_1');
  const { body } = await rig.call('GET', '/metrics');
  expect(body).toContain('daypass_sessions{status="running"} 3');
  expect(body).toContain('daypass_revocation_debt 1');
  expect(body).toContain('daypass_http_requests_total{method="GET",route="/v1/sessions/{id}",status="200"}');
  expect(body).not.toContain('ses_1');
});
