import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventsOf } from '../../src/store/events.ts';
import { keys } from '../../src/store/keys.ts';
import { change, forget, readSession, view } from '../../src/store/records.ts';
import { dueWebhooks, webhookFigures } from '../../src/store/webhooks.ts';
import { createMinterClient, type MinterClient } from '../../src/token/minter/client.ts';
import { createKeysClient } from '../../src/token/minter/keys-client.ts';
import { startMinter } from '../../src/token/minter/start.ts';
import { requestPublicKey, sealWebhook } from '../../src/token/request-secrets.ts';
import { formatSealKeys } from '../../src/token/seal-keys.ts';
import type { SealKey } from '../../src/token/sealing.ts';
import { Secret } from '../../src/token/secret.ts';
import { newWebhook } from '../../src/webhook/message.ts';
import type { Names } from '../../src/webhook/resolve.ts';
import { AT_ONCE, OF_ONE_KEY } from '../../workers/webhooks/choose-next.ts';
import { runSender } from '../../workers/webhooks/sender.ts';
import { tellReceiver } from '../../workers/webhooks/tell-receiver.ts';
import type { SenderDeps } from '../../workers/webhooks/sender.ts';
import { createFakeTokenProvider } from '../fakes/fake-token-provider.ts';
import { eventually } from '../support/eventually.ts';
import { aSession, aToken } from '../support/records.ts';
import { useTestRedis } from '../support/redis.ts';
import { startReceiver, WEBHOOK_SECRET, type WebhookReceiver } from '../support/webhook-receiver.ts';

const store = useTestRedis();
const sealKey = (id: string): SealKey => ({ id, key: new Secret(randomBytes(32).toString('base64')) });
const [k1, k2] = [sealKey('k1'), sealKey('k2')];
const lines: string[] = [];
const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
const local: Names = { public: async () => ['127.0.0.1'], private: async () => ['127.0.0.1'] };
let receiver: WebhookReceiver;
let dir: string;
let minter: { close(): Promise<void> };
let client: MinterClient;
let deps: SenderDeps;
let closing: AbortController;
let sending: Promise<void>[];

beforeAll(async () => {
  receiver = await startReceiver();
  dir = await mkdtemp(join(tmpdir(), 'daypass-webhooks-'));
  await writeFile(join(dir, 'seal-keys'), formatSealKeys([k1]));
  minter = await startMinter({
    name: 'here',
    redis: store.redis,
    provider: createFakeTokenProvider(),
    sealKeys: { file: join(dir, 'seal-keys') },
    spoolDir: join(dir, 'spool'),
    receiptKeyFile: join(dir, 'receipt-key.pem'),
    socket: join(dir, 'minter.sock'),
    credentialSocket: join(dir, 'credentials.sock'),
    log,
  });
  client = createMinterClient(join(dir, 'minter.sock'));
});
afterAll(async () => {
  client?.close();
  await minter?.close();
  await receiver?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});
beforeEach(() => {
  receiver.received.length = 0;
  receiver.answer = (_received, res) => void res.writeHead(204).end();
  closing = new AbortController();
  sending = [];
  const webhooks = {
    rules: { ports: [443], privateHosts: [receiver.host] },
    giveUpAfterMs: 86_400_000,
    caFile: undefined,
  };
  deps = { redis: store.redis, log, config: { webhooks }, minter: client, names: local, ca: [receiver.certificate] };
});
afterEach(async () => {
  closing.abort();
  await Promise.all(sending);
  await store.redis.del(keys.webhooksDue, keys.webhookKeys);
});

let made = 0;

/** A session that is starting, whose steps the receiver is to be told. */
async function start(url = receiver.url, keyId = 'settings:test'): Promise<string> {
  const sessionId = `ses_hook${++made}`;
  const tokenId = `tok_hook${made}`;
  const sealed = await sealWebhook(await requestPublicKey(k1), k1.id, sessionId, { url, secret: WEBHOOK_SECRET });
  const webhook = newWebhook({ shownUrl: new URL(url).origin, sealed });
  const sandbox = { id: 'sbx', image: 'i', engine: 'e', claimedAt: null, removedAt: null };
  await change(store.redis, { sessionId, tokenId }, () => ({
    session: aSession({ id: sessionId, status: 'starting', tokenId, sandbox, webhook, keyId }),
    token: aToken({ id: tokenId, sessionId, state: 'active' }),
  }));
  return sessionId;
}

/** Moves it as its worker would. */
async function move(sessionId: string, step: 'running' | 'ended' | 'revoked' | 'removed'): Promise<void> {
  const tokenId = (await readSession(store.redis, sessionId))?.tokenId ?? null;
  const at = new Date().toISOString();
  await change(store.redis, { sessionId, tokenId }, ({ session, token }) => {
    if (!session?.sandbox || token === null) return null;
    if (step === 'running') return { session: { ...session, status: 'running', runningAt: at } };
    if (step === 'ended')
      return {
        session: { ...session, status: 'succeeded', exitCode: 0, endedAt: at },
        token: { ...token, state: 'revoking' },
      };
    if (step === 'revoked') return { token: { ...token, state: 'revoked', revokedAt: at, verifiedAt: at } };
    return { session: { ...session, sandbox: { ...session.sandbox, removedAt: at } } };
  });
}

const send = (): void => void sending.push(runSender(deps, closing.signal));
const told = (): (string | undefined)[] => receiver.received.map(({ body }) => body?.type);
const webhookOf = async (id: string) => (await readSession(store.redis, id))?.webhook;
const eventTypes = async (id: string) => (await eventsOf(store.redis, id, '0')).map(({ type }) => type);

test('a session is told of as running, ended and settled, each once, signed, as the API shows it; then nothing is kept', async () => {
  const id = await start();
  send();
  await move(id, 'running');
  await eventually(
    async () => told(),
    (types) => types.length === 1,
  );
  await move(id, 'ended');
  await eventually(
    async () => told(),
    (types) => types.length === 2,
  );
  await move(id, 'revoked');
  await move(id, 'removed');
  await eventually(
    () => webhookOf(id),
    (webhook) => webhook?.sealed === null,
  );
  expect(told()).toEqual(['session.running', 'session.ended', 'session.settled']);
  expect(receiver.received.map((one) => one.id)).toEqual([`msg_${id}_running`, `msg_${id}_ended`, `msg_${id}_settled`]);
  expect(receiver.received[1]?.body?.data).toMatchObject({
    id,
    status: 'succeeded',
    exitCode: 0,
    token: { state: 'revoking' },
  });
  expect(receiver.received[2]?.body?.data).toMatchObject({ id, token: { state: 'revoked' }, container: { id: 'sbx' } });
  expect(await webhookOf(id)).toMatchObject({
    messages: [],
    delivered: 3,
    failed: 0,
    lastStatus: 204,
    lastError: null,
  });
  expect((await eventTypes(id)).filter((type) => type === 'webhook_delivered')).toHaveLength(3);
  expect(await dueWebhooks(store.redis, { nowMs: Date.now() + 1e9, limit: 10 })).toEqual([]);
});

test('neither secret nor path of the receiver is in the store, in the log or in what is sent', async () => {
  const id = await start();
  await move(id, 'running');
  const stored = await Promise.all((await store.redis.keys('*')).map((name) => store.redis.dumpBuffer(name)));
  receiver.answer = (_received, res) => void res.writeHead(500).end('obviously-fake');
  await tellReceiver(deps, id);
  const after = await Promise.all((await store.redis.keys('*')).map((name) => store.redis.dumpBuffer(name)));
  const all = Buffer.concat([...stored, ...after].filter((value) => value !== null)).toString('latin1');
  for (const text of [all, lines.join(''), receiver.received[0]?.text ?? '']) {
    for (const secret of [WEBHOOK_SECRET, WEBHOOK_SECRET.slice(6), '/hooks/obviously-fake', 'of-a-test'])
      expect(text).not.toContain(secret);
  }
  await store.redis.del(keys.session(id));
});

test('what is refused is sent again with the same id and the same body, and a fresh timestamp that is signed', async () => {
  const id = await start();
  await move(id, 'running');
  receiver.answer = (_received, res) => void res.writeHead(503).end();
  await tellReceiver(deps, id);
  expect(await webhookOf(id)).toMatchObject({ lastStatus: 503, lastError: 'the receiver answered 503', delivered: 0 });
  receiver.answer = (_received, res) => void res.writeHead(204).end();
  await move(id, 'ended');
  send();
  await eventually(
    () => webhookOf(id),
    (webhook) => webhook?.delivered === 2,
    { timeoutMs: 15_000 },
  );
  const running = receiver.received.filter((one) => one.id === `msg_${id}_running`);
  expect(new Set(running.map((one) => one.text)).size).toBe(1);
  expect(running.every((one) => one.body !== null)).toBe(true);
  expect(running).toHaveLength(2);
  // The session has ended meanwhile; the message still says what it said.
  expect(running[1]?.body?.data['status']).toBe('running');
});

test('of many senders one sends a message', async () => {
  const ids = await Promise.all(Array.from({ length: 10 }, () => start()));
  for (const id of ids) await move(id, 'running');
  for (let i = 0; i < 5; i++) send();
  await eventually(
    async () => told(),
    (types) => types.length >= 10,
  );
  closing.abort();
  await Promise.all(sending);
  expect(new Set(receiver.received.map((one) => one.id)).size).toBe(10);
  expect(receiver.received).toHaveLength(10);
});

test('a receiver that is gone (410) is told nothing more, and its address and secret are erased', async () => {
  const id = await start();
  await move(id, 'running');
  receiver.answer = (_received, res) => void res.writeHead(410).end();
  await tellReceiver(deps, id);
  await move(id, 'ended');
  expect(await webhookOf(id)).toMatchObject({ messages: [], sealed: null, disabledAt: expect.any(String), failed: 1 });
  expect(await eventTypes(id)).toContain('webhook_disabled');
  await tellReceiver(deps, id);
  expect(receiver.received).toHaveLength(1);
});

test('what is not taken within the time is given up, seen in events and figures', async () => {
  const before = (await webhookFigures(store.redis)).failed;
  deps = { ...deps, config: { webhooks: { ...deps.config.webhooks, giveUpAfterMs: 0 } } };
  const id = await start();
  await move(id, 'running');
  receiver.answer = (_received, res) => void res.writeHead(500).end();
  await tellReceiver(deps, id);
  expect(await webhookOf(id)).toMatchObject({ messages: [], failed: 1, lastStatus: 500 });
  expect(await eventTypes(id)).toContain('webhook_failed');
  expect((await webhookFigures(store.redis)).failed).toBe(before + 1);
});

test('a receiver that the operator does not allow any more is not dialled, nor a name that leads inside', async () => {
  const id = await start();
  await move(id, 'running');
  const none = { ...deps.config.webhooks, rules: { ports: [443], privateHosts: [] } };
  await tellReceiver({ ...deps, config: { webhooks: none } }, id);
  expect(await webhookOf(id)).toMatchObject({ lastError: 'the operator does not allow this URL any more' });
  const other = await start(`https://hooks.example.com:${receiver.port}/`);
  await move(other, 'running');
  const ports = { ...deps.config.webhooks, rules: { ports: [receiver.port], privateHosts: [] } };
  await tellReceiver({ ...deps, config: { webhooks: ports } }, other);
  expect(await webhookOf(other)).toMatchObject({ lastError: 'the host leads to an address that is not public' });
  expect(receiver.received).toEqual([]);
});

test('receivers that all hang hold up their own key’s messages and nobody else’s', async () => {
  const slowUrl = `${receiver.url}&slow`;
  const isSlow = ({ path }: { path: string }): boolean => path.endsWith('&slow');
  receiver.answer = ({ path }, res) => void (isSlow({ path }) || res.writeHead(204).end());
  for (let count = 0; count < 2 * AT_ONCE; count++) await move(await start(slowUrl, 'key_slow'), 'running');
  send();
  const hanging = (): number => receiver.received.filter(isSlow).length;
  await eventually(hanging, (count) => count === OF_ONE_KEY);
  const other = await start(receiver.url, 'key_other');
  await move(other, 'running');
  await eventually(
    () => receiver.received.map(({ id }) => id),
    (ids) => ids.includes(`msg_${other}_running`),
    { timeoutMs: 5_000 },
  );
  expect(hanging()).toBe(OF_ONE_KEY);
}, 30_000);

test('a session that is forgotten is told of no more', async () => {
  const id = await start();
  await move(id, 'running');
  await move(id, 'ended');
  await move(id, 'revoked');
  await move(id, 'removed');
  expect(await forget(store.redis, await view(store.redis, id))).toBe(true);
  expect(await dueWebhooks(store.redis, { nowMs: Date.now() + 1e9, limit: 10 })).not.toContainEqual(
    expect.objectContaining({ sessionId: id }),
  );
  await tellReceiver(deps, id);
  expect(receiver.received).toEqual([]);
});

test('the minter signs what is in the outbox and nothing else', async () => {
  const id = await start();
  const soon = AbortSignal.timeout(5_000);
  await expect(client.sign(id, 'session.running', soon)).rejects.toThrow('has no session.running to be signed');
  await move(id, 'running');
  // Nobody has taken it yet, so it has no body.
  await expect(client.sign(id, 'session.running', soon)).rejects.toThrow('has no session.running to be signed');
  await tellReceiver(deps, id);
  await expect(client.sign(id, 'session.running', soon)).rejects.toThrow('has no session.running to be signed');
});

test('a rotation of the seal keys seals it anew, and it is told as before', async () => {
  const id = await start();
  await move(id, 'running');
  await writeFile(join(dir, 'seal-keys'), formatSealKeys([k2, k1]));
  const keysClient = createKeysClient(join(dir, 'minter.sock'));
  await keysClient.rotate();
  keysClient.close();
  expect((await webhookOf(id))?.sealed).toMatch(/^v1\.k2\./);
  await tellReceiver(deps, id);
  expect(told()).toEqual(['session.running']);
});
