import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sessionSchema } from '../../src/api/schemas/session.ts';
import { openSecrets, openWebhook } from '../../src/token/request-secrets.ts';
import { keys } from '../../src/store/keys.ts';
import { eventsOf } from '../../src/store/events.ts';
import { readSession } from '../../src/store/records.ts';
import { readStdin } from '../../src/store/stdin.ts';
import type { Redis } from '../../src/store/redis.ts';
import { openSessionsQueue, type SessionsQueue } from '../../src/queue/sessions-queue.ts';
import type { CallApi } from '../support/api-client.ts';
import { startApiRig, type ApiRig } from '../support/api-rig.ts';
import { pretendMinter } from '../support/minter-facts.ts';
import { REPO_A } from '../support/records.ts';
import { WEBHOOK_SECRET } from '../support/webhook-receiver.ts';

const SMALL = { repos: [{ id: REPO_A }] };

let rig: ApiRig;
let redis: Redis;
let queue: SessionsQueue;
let call: CallApi;

beforeAll(async () => {
  rig = await startApiRig();
  ({ redis, call } = rig);
  queue = openSessionsQueue(redis);
});

afterAll(async () => {
  await queue?.close();
  await rig?.close();
});

const idOf = (body: unknown): string => sessionSchema.parse(body).id;

test('a request with nothing but a repo is answered with a queued session, its place, and a job', async () => {
  const reply = await call('POST', '/v1/sessions', { body: SMALL });
  expect(reply.status).toBe(201);
  const session = sessionSchema.strict().parse(reply.body);
  expect(reply.headers.get('location')).toBe(`/v1/sessions/${session.id}`);
  expect(reply.headers.get('x-request-id')).toMatch(/^req_/);
  expect(session).toMatchObject({
    status: 'queued',
    repos: [{ id: REPO_A, ref: null, path: REPO_A, access: 'write', head: null }],
    token: null,
    container: null,
    queuePosition: 0,
    timings: { queuedMs: null, toRunningMs: null },
  });
  expect((await eventsOf(redis, session.id, '0')).map(({ type }) => type)).toEqual(['accepted']);
  expect((await queue.getJob(session.id))?.data).toEqual({ sessionId: session.id });
  expect((await call('GET', reply.headers.get('location') ?? '')).body).toEqual(session);
});

test('secrets are sealed to the minter and appear nowhere else', async () => {
  const key = await pretendMinter(rig.store.url);
  const secret = 'sk-a-very-secret-value';
  const { body } = await call('POST', '/v1/sessions', {
    body: { ...SMALL, secrets: { MODEL_API_KEY: secret } },
    headers: { 'idempotency-key': 'with secrets' },
  });
  const record = await readSession(redis, idOf(body));
  const opened = await openSecrets([key], idOf(body), record?.sealedSecrets ?? '');
  expect(opened['MODEL_API_KEY']?.reveal()).toBe(secret);
  expect(JSON.stringify(body)).not.toContain(secret);
  const stored = await Promise.all((await redis.keys('daypass:*')).map((name) => redis.dumpBuffer(name)));
  expect(Buffer.concat(stored.filter((value) => value !== null)).includes(secret)).toBe(false);
});

test('a secret standard input is sealed with the secrets and appears nowhere else', async () => {
  const key = await pretendMinter(rig.store.url);
  const text = 'obviously-fake\nlines of a test\n';
  const stdin = { base64: Buffer.from(text).toString('base64'), secret: true };
  const { status, body } = await call('POST', '/v1/sessions', { body: { ...SMALL, command: ['cat'], stdin } });
  expect(status).toBe(201);
  const record = await readSession(redis, idOf(body));
  expect(record?.stdin).toEqual({ bytes: text.length, secret: true });
  const opened = await openSecrets([key], idOf(body), record?.sealedSecrets ?? '');
  expect(Object.entries(opened).map(([name, value]) => [name, value.reveal()])).toEqual([['/dev/stdin', text]]);
  const stored = await Promise.all((await redis.keys('daypass:*')).map((name) => redis.dumpBuffer(name)));
  const all = Buffer.concat(stored.filter((value) => value !== null)).toString('latin1') + JSON.stringify(body);
  for (const form of ['obviously-fake', stdin.base64]) expect(all).not.toContain(form);
});

test('a standard input is kept beside the record until the session ends, and returned by no call', async () => {
  const stdin = { text: 'words of a prompt\n'.repeat(1_000) };
  const { body } = await call('POST', '/v1/sessions', { body: { ...SMALL, command: ['cat'], stdin } });
  const id = idOf(body);
  expect(await readStdin(redis, id)).toEqual(Buffer.from(stdin.text));
  expect(await redis.get(keys.session(id))).not.toContain('words of a prompt');
  const answers = await Promise.all(['', `/${id}`, `/${id}/events`].map((path) => call('GET', `/v1/sessions${path}`)));
  for (const answer of [body, ...answers.map((reply) => reply.body)]) {
    expect(JSON.stringify(answer)).not.toMatch(/stdin|words of a prompt/);
  }
  expect((await call('POST', `/v1/sessions/${id}/stop`, { body: {} })).body).toMatchObject({ status: 'stopped' });
  expect(await redis.exists(keys.stdin(id))).toBe(0);
});

test('the largest standard input is taken in either form, also where JSON escapes every character', async () => {
  const bytes = Buffer.alloc(1024 * 1024, 7);
  for (const stdin of [{ base64: bytes.toString('base64') }, { text: '"'.repeat(bytes.length) }]) {
    const { status, body } = await call('POST', '/v1/sessions', { body: { ...SMALL, command: ['cat'], stdin } });
    expect(status).toBe(201);
    expect((await readStdin(redis, idOf(body)))?.length).toBe(bytes.length);
  }
});

test('a webhook is sealed to the minter: its secret, path and query appear nowhere, only its host is shown', async () => {
  const key = await pretendMinter(rig.store.url);
  const webhook = { url: 'https://example.com/hooks/obviously-fake?key=of-a-test', secret: WEBHOOK_SECRET };
  const { status, body } = await call('POST', '/v1/sessions', { body: { ...SMALL, webhook } });
  expect(status).toBe(201);
  expect(sessionSchema.parse(body).webhook).toMatchObject({ url: 'https://example.com/…', waiting: 0, delivered: 0 });
  const record = await readSession(redis, idOf(body));
  const opened = await openWebhook([key], idOf(body), record?.webhook?.sealed ?? '');
  expect([opened.url.reveal(), opened.secret.reveal()]).toEqual([webhook.url, webhook.secret]);
  await expect(openSecrets([key], idOf(body), record?.webhook?.sealed ?? '')).rejects.toThrow();
  const stored = await Promise.all((await redis.keys('daypass:*')).map((name) => redis.dumpBuffer(name)));
  const all = Buffer.concat(stored.filter((value) => value !== null)).toString('latin1') + JSON.stringify(body);
  for (const secret of [WEBHOOK_SECRET, 'obviously-fake', 'of-a-test']) expect(all).not.toContain(secret);
});

test.each([
  ['an address inside', { url: 'https://169.254.169.254/', secret: WEBHOOK_SECRET }, 'webhook.url'],
  ['http', { url: 'http://example.com/', secret: WEBHOOK_SECRET }, 'webhook.url'],
  ['a user in the URL', { url: 'https://a:b@example.com/', secret: WEBHOOK_SECRET }, 'webhook.url'],
  [
    'a secret that is none',
    { url: 'https://example.com/', secret: 'obviously-fake-and-long-enough' },
    'webhook.secret',
  ],
])('a webhook with %s is refused, and the refusal repeats no secret', async (_what, webhook, path) => {
  const { status, body } = await call('POST', '/v1/sessions', { body: { ...SMALL, webhook } });
  expect(status).toBe(422);
  expect(body).toMatchObject({ code: 'invalid_request', errors: [{ path }] });
  expect(JSON.stringify(body)).not.toMatch(/obviously-fake/);
});

describe('an Idempotency-Key', () => {
  test('with the same body answers the same session, also when its fields come in another order', async () => {
    const headers = { 'idempotency-key': 'order' };
    const first = await call('POST', '/v1/sessions', { headers, body: { ...SMALL, metadata: { a: '1', b: '2' } } });
    const again = await call('POST', '/v1/sessions', { headers, body: { metadata: { b: '2', a: '1' }, ...SMALL } });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(idOf(again.body)).toBe(idOf(first.body));
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
  });

  test('with another body is refused with idempotency_conflict', async () => {
    const headers = { 'idempotency-key': 'conflict' };
    await call('POST', '/v1/sessions', { headers, body: SMALL });
    const other = await call('POST', '/v1/sessions', { headers, body: { ...SMALL, priority: 1 } });
    expect(other).toMatchObject({ status: 409, body: { code: 'idempotency_conflict', status: 409 } });
  });

  test('in twenty requests at once makes one session and one job', async () => {
    const before = await redis.zcard(keys.sessions);
    const replies = await Promise.all(
      Array.from({ length: 20 }, () =>
        call('POST', '/v1/sessions', { headers: { 'idempotency-key': 'twenty' }, body: SMALL }),
      ),
    );
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 201));
    const ids = new Set(replies.map(({ body }) => idOf(body)));
    expect(ids.size).toBe(1);
    expect((await redis.zcard(keys.sessions)) - before).toBe(1);
    expect(await eventsOf(redis, [...ids][0] ?? '', '0')).toHaveLength(1);
  });

  test('adds the job again when it was lost, as long as the session is queued', async () => {
    const options = { headers: { 'idempotency-key': 'lost job' }, body: SMALL };
    const id = idOf((await call('POST', '/v1/sessions', options)).body);
    await queue.remove(id);
    await call('POST', '/v1/sessions', options);
    expect((await queue.getJob(id))?.id).toBe(id);
  });

  test('of a session that was deleted since is refused instead of starting another', async () => {
    const options = { headers: { 'idempotency-key': 'deleted' }, body: SMALL };
    const id = idOf((await call('POST', '/v1/sessions', options)).body);
    await call('POST', `/v1/sessions/${id}/stop`);
    expect((await call('DELETE', `/v1/sessions/${id}`)).status).toBe(204);
    expect(await call('POST', '/v1/sessions', options)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_conflict', detail: expect.stringContaining('deleted') },
    });
  });

  test('that is not printable is refused', async () => {
    const reply = await call('POST', '/v1/sessions', { headers: { 'idempotency-key': 'x'.repeat(256) }, body: SMALL });
    expect(reply).toMatchObject({ status: 422, body: { errors: [{ path: 'Idempotency-Key' }] } });
  });
});

test('read-only access is refused where the provider cannot express it, naming the way out', async () => {
  await pretendMinter(rig.store.url, { canRestrictAccess: false });
  const body = { repos: [{ id: REPO_A }, { id: REPO_A, path: 'other', access: 'read' }] };
  expect(await call('POST', '/v1/sessions', { body })).toMatchObject({
    status: 422,
    body: {
      code: 'access_unsupported',
      detail: expect.stringContaining('delivery "gateway"'),
      errors: [{ path: 'repos[1].access' }],
    },
  });
  await pretendMinter(rig.store.url, { canRestrictAccess: true });
  expect((await call('POST', '/v1/sessions', { body })).status).toBe(201);
});

test('delivery by the gateway takes what the provider cannot express, and shows the rules that it will hold', async () => {
  await pretendMinter(rig.store.url, { canRestrictAccess: false });
  const repos = [
    { id: REPO_A, push: {} },
    { id: REPO_A, path: 'read', access: 'read' },
  ];
  const reply = await call('POST', '/v1/sessions', { body: { repos, credentials: { delivery: 'gateway' } } });
  const { id } = reply.body as { id: string };
  expect(reply).toMatchObject({
    status: 201,
    body: {
      credentials: { delivery: 'gateway' },
      repos: [
        { access: 'write', push: { branches: [`agent/${id}/*`], force: false, delete: false } },
        { access: 'read', push: null },
      ],
    },
  });
});

test.each([
  ['env', 'write', 'needs credentials.delivery "gateway"'],
  ['gateway', 'read', 'needs access "write"'],
])('rules for pushes are refused with delivery %s and access %s', async (delivery, access, message) => {
  const body = { repos: [{ id: REPO_A, access, push: {} }], credentials: { delivery } };
  expect(await call('POST', '/v1/sessions', { body })).toMatchObject({
    status: 422,
    body: { code: 'push_unsupported', errors: [{ path: 'repos[0].push', message }] },
  });
});

test('before a minter ever started a request is answered 503 and leaves nothing', async () => {
  const facts = (await redis.get(keys.minter)) ?? '';
  await redis.del(keys.minter);
  const before = await redis.zcard(keys.sessions);
  const reply = await call('POST', '/v1/sessions', { body: SMALL });
  expect(reply).toMatchObject({
    status: 503,
    body: { code: 'unavailable', detail: expect.stringContaining('minter') },
  });
  expect(await redis.zcard(keys.sessions)).toBe(before);
  await redis.set(keys.minter, facts);
});
