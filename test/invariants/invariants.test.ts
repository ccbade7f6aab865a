import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkInvariants } from '../../src/invariants/check-invariants.ts';
import type { Witness } from '../../src/invariants/facts.ts';
import { enqueueSession, openSessionsQueue, type SessionsQueue } from '../../src/queue/sessions-queue.ts';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import { keys } from '../../src/store/keys.ts';
import { change } from '../../src/store/records.ts';
import type { TokenRecord } from '../../src/token/record.ts';
import { Secret } from '../../src/token/secret.ts';
import { ACCOUNT_KEY, createEmptyRepo, openTestHost, type TestHost } from '../git-host/support/test-host.ts';
import { makeList } from '../support/damage.ts';
import { aSession, aToken } from '../support/records.ts';
import { useTestRedis } from '../support/redis.ts';

const ENDED = '2026-01-01T00:01:00.000Z';
const GONE = { id: 'sbx_gone', image: 'daypass/sandbox', engine: 'engine-1', claimedAt: ENDED, removedAt: ENDED };
const docker = connectDocker(process.env['DOCKER_HOST']);
const store = useTestRedis();
let host: TestHost;
let repoId: string;
let dir: string;
let queue: SessionsQueue;
let installation: string;

beforeEach(async () => {
  await store.redis.flushall();
  host = await openTestHost();
  repoId = await createEmptyRepo(host);
  dir = await mkdtemp(join(tmpdir(), 'dp-laws-'));
  await mkdir(join(dir, 'spool'));
  queue = openSessionsQueue(store.redis);
  installation = `test-${randomBytes(4).toString('hex')}`;
});

afterEach(async () => {
  await queue.close();
  await host[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

/** What is wrong now, by the laws. */
async function wrong(witness: Partial<Witness> | null = null): Promise<string[]> {
  const nothing: Witness = { starts: new Map(), logs: new Map(), values: [], directories: [], texts: [] };
  const found = await checkInvariants({
    redis: store.redis,
    queue,
    docker,
    installation,
    sandboxDirectories: [dir],
    spoolDir: join(dir, 'spool'),
    minterName: 'here',
    provider: { baseUrl: host.url, apiKey: new Secret(ACCOUNT_KEY) },
    witness: witness && { ...nothing, ...witness },
  });
  return found.map(({ law, sentence }) => `${law}: ${sentence}`);
}

/** A session and its token, as the product would have written them. */
async function stored(session: Partial<SessionRecord>, token: Partial<TokenRecord> | null = null): Promise<void> {
  const record = aSession({ tokenId: token === null ? null : 'tok_test', ...session });
  const ended = record.endedAt !== null;
  await change(store.redis, { sessionId: record.id }, () => ({
    session: record,
    ...(token !== null && { token: aToken(token) }),
    events: [{ type: 'accepted' }, ...(ended ? [{ type: 'ended' as const }] : [])],
  }));
}

/** A token that lives at the repo host. */
async function minted(name = 'daypass ses_test'): Promise<Secret> {
  return new Secret(await host.mint({ name, repo_ids: [repoId] }));
}

async function spooled(value: Secret, tokenId = 'tok_test'): Promise<void> {
  const content = { tokenId, fingerprint: value.fingerprint() };
  await writeFile(join(dir, 'spool', `${tokenId}.json`), JSON.stringify(content));
}

test('nothing is wrong with a session that runs, one that waits, and one that is settled', async () => {
  const value = await minted();
  await spooled(value);
  await stored({ status: 'running' }, { state: 'active', fingerprint: value.fingerprint() });
  await stored({ id: 'ses_waits' });
  await enqueueSession(queue, 'ses_waits', 0);
  await stored({ id: 'ses_over', status: 'succeeded', endedAt: ENDED, sandbox: GONE });
  await minted('of somebody else');
  expect(await wrong()).toEqual([]);
});

test('a session that goes on past its deadline, its grace and the time that an end takes is found', async () => {
  const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
  await stored({ id: 'ses_ends', status: 'stopping', deadlineAt: minutesAgo(1) });
  await stored({ id: 'ses_hangs', status: 'stopping', deadlineAt: minutesAgo(10) });
  expect(await wrong()).toEqual([
    expect.stringMatching(
      /^deadlines: Session ses_hangs is stopping, and its deadline and grace have been over since 20/,
    ),
  ]);
});

test('a record that cannot be read is found, once, and hides nothing of the others', async () => {
  await stored({ id: 'ses_damaged', status: 'running' });
  await store.redis.set(keys.session('ses_damaged'), '{"[secret]":1}');
  await stored({ id: 'ses_hangs', status: 'running', deadlineAt: ENDED });
  expect(await wrong()).toEqual([
    'sessions: The record of session ses_damaged cannot be read: id: is missing',
    expect.stringContaining('deadlines: Session ses_hangs is running'),
  ]);
});

test('a record of another type of Redis is found, and so is a line of the ledger that is gone', async () => {
  await stored({ id: 'ses_typed', status: 'running' });
  await makeList(store.redis, keys.session('ses_typed'));
  await stored({ id: 'ses_test', status: 'running' }, { state: 'active' });
  await store.redis.del(keys.token('tok_test'));
  expect(await wrong()).toEqual([
    'sessions: The record of session ses_typed cannot be read: the record: is not a text but a list',
    expect.stringContaining('Token tok_test is in an index, and there is no record of it'),
  ]);
});

test('a token that outlives its session is found, whatever the ledger says of it', async () => {
  const value = await minted();
  await stored({ status: 'succeeded', endedAt: ENDED }, { state: 'revoked', fingerprint: value.fingerprint() });
  expect(await wrong()).toEqual([
    'tokens: Token tok_test of session ses_test (succeeded) still lives at the provider; the ledger says revoked',
  ]);
});

test('a token that no line of the ledger knows is found, unless a line says that its answer was lost', async () => {
  const value = await minted();
  await stored({ status: 'failed', endedAt: ENDED }, { state: 'refused' });
  expect(await wrong()).toEqual([
    `tokens: Token ${value.fingerprint()} of session ses_test lives at the provider, and the ledger does not know it`,
  ]);
  await store.redis.flushall();
  await stored({ status: 'failed', endedAt: ENDED }, { state: 'unknown' });
  expect(await wrong()).toEqual([]);
});

test('a token that is active in the ledger alone is found', async () => {
  const value = await minted();
  await spooled(value);
  await stored({ status: 'running' }, { state: 'active', fingerprint: value.fingerprint() });
  await host.sdk().repoToken.delete(value.reveal());
  expect(await wrong()).toEqual([
    'tokens: Token tok_test of session ses_test is active in the ledger, and the provider has no such token',
  ]);
});

test('an index that disagrees with a record is found', async () => {
  await stored({ status: 'running' });
  const [entry = ''] = await store.redis.zrange(keys.sessions, '0', '-1');
  await store.redis.zadd(keys.sessionsByStatus('queued'), 0, entry);
  expect(await wrong()).toEqual([
    'sessions: Session ses_test is running, and the indexes have it as queued and running',
  ]);
  await store.redis.del(keys.session('ses_test'), keys.sessionsByStatus('queued'));
  expect(await wrong()).toEqual(['sessions: Session ses_test is in an index, and there is no record of it']);
});

test('a session that another key would see, or that its own does not, is found', async () => {
  await stored({ status: 'running', keyId: 'key_mine' });
  const { sessions, sessionsByStatus } = keys.ofKey('key_mine');
  const [entry = ''] = await store.redis.zrange(sessions, '0', '-1');
  await store.redis.zadd(sessions, 0, `${entry}_theirs`);
  await store.redis.del(sessionsByStatus('running'));
  expect(await wrong()).toEqual([
    'sessions: Of key_mine: session ses_test is running, and the indexes have it as nothing',
    'sessions: Of key_mine: session ses_test_theirs is in an index, and there is no record of it',
  ]);
});

test('a session that ended with something left, and one that ended twice, are found', async () => {
  const sandbox = { ...GONE, removedAt: null };
  await stored({ status: 'failed', endedAt: ENDED, sandbox }, { state: 'revoking' });
  expect(await wrong()).toEqual([
    'sessions: Session ses_test has ended, and its sandbox sbx_gone is not removed; its token tok_test is revoking',
  ]);
  await store.redis.flushall();
  await stored({ status: 'failed', endedAt: ENDED });
  await change(store.redis, { sessionId: 'ses_test' }, ({ session }) => ({
    ...(session && { session }),
    events: [{ type: 'ended' }],
  }));
  expect(await wrong()).toEqual(['sessions: Session ses_test is failed, and its events say 2 times that it ended']);
});

test('a container, a directory and a socket of a sandbox whose session has ended are found', async () => {
  const sandbox = { ...GONE, id: `sbx_${randomBytes(8).toString('hex')}` };
  await stored({ status: 'stopped', endedAt: ENDED, sandbox });
  const gateway = join(dir, 'run', 'gateways', sandbox.id);
  await mkdir(gateway, { recursive: true });
  const server = createServer().listen(join(gateway, 'gateway.sock'));
  await once(server, 'listening');
  const labels = { 'daypass.installation': installation, 'daypass.sandbox': sandbox.id };
  const container = await docker.createContainer({ Image: 'daypass/sandbox', name: sandbox.id, Labels: labels });
  try {
    const whose = `is left of sandbox ${sandbox.id} of session ses_test, which is stopped`;
    expect(await wrong()).toEqual([
      `remains: The container ${sandbox.id} (created) ${whose}`,
      `remains: The path ${gateway} ${whose}`,
      `remains: The socket ${join(gateway, 'gateway.sock')} ${whose}`,
    ]);
  } finally {
    await container.remove();
    server.close();
  }
});

test('a job of a session that has ended, and a waiting session without a job, are found', async () => {
  await stored({ status: 'stopped', endedAt: ENDED });
  await enqueueSession(queue, 'ses_test', 0);
  await stored({ id: 'ses_waits' });
  expect(await wrong()).toEqual([
    'jobs: Job ses_test is in the queue, and its session ses_test is stopped',
    'jobs: Session ses_waits is queued, and the queue has no job for it',
  ]);
});

test('an active token that is in the spool of another host is not missed here', async () => {
  const value = await minted();
  await stored({ status: 'running' }, { state: 'active', minter: 'there', fingerprint: value.fingerprint() });
  expect((await wrong()).filter((one) => one.startsWith('spool'))).toEqual([]);
});

test('a spool that holds what is over, unknown or half-written, and lacks what is active, is found', async () => {
  const value = await minted();
  await stored({ status: 'running' }, { state: 'active', fingerprint: value.fingerprint() });
  await spooled(value, 'tok_unheard_of');
  await writeFile(join(dir, 'spool', 'tok_half.json.tmp'), '{"tok');
  expect(await wrong()).toEqual([
    'spool: The spool holds tok_half.json.tmp, which cannot be read as a token',
    'spool: The spool holds tok_unheard_of, and the ledger does not know it',
    'spool: Token tok_test of session ses_test is active, and the spool does not hold it',
  ]);
});

test('a command that was started twice, a log with a gap or without its end, and a value in a file are found', async () => {
  await stored({ status: 'succeeded', endedAt: ENDED });
  await stored({ id: 'ses_cut', status: 'failed', endedAt: ENDED });
  const value = 'rlcr-obviously-fake-value-of-a-token';
  await writeFile(join(dir, 'some.log'), `x${Buffer.from(value).toString('base64')}y`);
  const expected = ['one', 'two', 'three'];
  const logs = new Map([
    ['ses_test', { expected, found: ['one', 'two'] }],
    ['ses_cut', { expected, found: ['one', 'three'] }],
  ]);
  const starts = new Map([
    ['ses_test', 2],
    ['ses_cut', 0],
  ]);
  const texts = [{ place: 'the answer to GET /v1/tokens', text: `{"token":"${value}"}` }];
  const print = new Secret(value).fingerprint();
  expect((await wrong({ starts, logs, values: [value], directories: [dir], texts })).toSorted()).toEqual([
    'logs: The log of session ses_cut has "three" where "two" belongs',
    'logs: The log of session ses_test ends after 2 of 3 lines, and it succeeded',
    `secrets: The value of token ${print} is in ${join(dir, 'some.log')}`,
    `secrets: The value of token ${print} is in the answer to GET /v1/tokens`,
    'starts: The command of session ses_test was started 2 times',
  ]);
});
