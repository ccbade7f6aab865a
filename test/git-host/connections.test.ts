import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ACCOUNT_KEY, createEmptyRepo, openTestHost, type TestHost } from './support/test-host.ts';

const KEEP_BUSY_MS = 2_000;

let host: TestHost;
let repoId: string;
let crowd: AsyncDisposableStack;

beforeEach(async () => {
  crowd = new AsyncDisposableStack();
  host = await openTestHost();
  repoId = await createEmptyRepo(host);
});
afterEach(async () => {
  await crowd.disposeAsync();
  await host[Symbol.asyncDispose]();
});

/** So many connections that each ask again and again, and are opened again when they are closed. */
async function openCrowd(size: number, authorization: (index: number) => string): Promise<void> {
  const port = Number(new URL(host.url).port);
  const sockets = new Map<number, Socket>();
  const ask = (): void => {
    for (let at = 0; at < size; at += 1) {
      const socket = sockets.get(at) ?? connect(port, '127.0.0.1').on('error', () => {});
      if (!sockets.has(at)) socket.resume().once('close', () => sockets.delete(at));
      sockets.set(at, socket);
      socket.write(`GET /v1/repo/${repoId} HTTP/1.1\r\nHost: x\r\n${authorization(at)}\r\n`);
    }
  };
  ask();
  const timer = setInterval(ask, KEEP_BUSY_MS);
  crowd.defer(() => {
    clearInterval(timer);
    for (const socket of sockets.values()) socket.destroy();
  });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}

/** The status of a call on a connection of its own. */
function callAlone(method: string, path: string, key: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const headers = { authorization: `Bearer ${key}` };
  const options = { method, headers, agent: false, timeout: 10_000 } as const;
  const call = request(`${host.url}${path}`, options, (answer) => {
    answer.resume();
    resolve(answer.statusCode);
  });
  call.once('error', reject).once('timeout', () => call.destroy(new Error('no answer')));
  call.end();
  return promise;
}

const tokens = (count: number): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, () => host.mint({ repo_ids: [repoId], ttl_seconds: 3600 })));

test('strangers on every connection keep neither the account nor a token out', async () => {
  const all = await tokens(10);
  await openCrowd(1_200, () => '');
  const own = await host.mint({ repo_ids: [repoId] });
  for (const token of all) expect(await callAlone('DELETE', `/repo_token/${token}`, ACCOUNT_KEY)).toBe(204);
  for (let at = 0; at < 10; at += 1) expect(await callAlone('GET', `/repo/${repoId}`, own)).toBe(200);
}, 60_000);

test('tokens on every connection keep neither the account nor another token out', async () => {
  const [own = '', ...others] = await tokens(11);
  await openCrowd(1_200, (at) => `Authorization: Bearer ${others[at % others.length]}\r\n`);
  for (let at = 0; at < 10; at += 1) expect(await callAlone('GET', `/repo/${repoId}`, own)).toBe(200);
  for (const token of others) expect(await callAlone('DELETE', `/repo_token/${token}`, ACCOUNT_KEY)).toBe(204);
}, 60_000);

test('a connection stays open after an authorised request, and closes after one without a credential', async () => {
  expect((await host.call('GET', `/repo/${repoId}`)).headers.get('connection')).toBe('keep-alive');
  expect((await host.call('GET', '/nothing', { key: null })).headers.get('connection')).toBe('close');
});

test('who sends a body without a credential still hears why it is refused', async () => {
  const body = 'x'.repeat(20 * 1024 * 1024);
  expect((await host.call('PUT', `/repo/${repoId}/file/a`, { key: null, body })).status).toBe(401);
});
