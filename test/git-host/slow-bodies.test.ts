import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HOST_BOUNDS } from '../../src/git-host/bounds.ts';
import { openGitClient, type GitClient } from './support/git-client.ts';
import { largestIncoming } from './support/largest-incoming.ts';
import { ACCOUNT_KEY, createRepo, openTestHost, type TestHost } from './support/test-host.ts';

const PER_TOKEN = 64;

let host: TestHost;
let client: GitClient;
let repoId: string;
let crowd: DisposableStack;

async function open(options: Parameters<typeof openTestHost>[0] = {}): Promise<void> {
  host = await openTestHost(options);
  repoId = (await createRepo(host, { start: 'start' })).id;
}
beforeEach(async () => {
  client = await openGitClient();
  crowd = new DisposableStack();
});
afterEach(async () => {
  crowd.dispose();
  await client[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

/** A body that has begun: when the host has taken its request in, and all of the answer, once the connection is closed. */
interface Begun {
  accepted: Promise<unknown>;
  answer: Promise<string>;
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** Begins a large body of a token and sends no more of it. */
function beginBody(token: string, method: string, path: string, type: string): Begun {
  const socket = connect(Number(new URL(host.url).port), '127.0.0.1');
  crowd.defer(() => socket.destroy());
  socket.on('error', () => {});
  const basic = Buffer.from(`token:${token}`).toString('base64');
  socket.write(
    `${method} /v1/repo/${repoId}${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n` +
      `Authorization: Basic ${basic}\r\nContent-Type: ${type}\r\nContent-Length: 40000000\r\nExpect: 100-continue\r\n\r\n0000`,
  );
  const accepted = new Promise((resolve) => socket.once('data', resolve).once('close', resolve));
  const answer = text(socket).then(
    (said) => said.replace(CONTINUE, ''),
    () => 'cut',
  );
  return { accepted, answer };
}

async function crowdOf(tokens: number, service: string): Promise<Promise<string>[]> {
  const begun: Begun[] = [];
  for (let each = 0; each < tokens; each += 1) {
    const token = await host.mint({ repo_ids: [repoId], ttl_seconds: 3600 });
    for (let at = 0; at < PER_TOKEN; at += 1)
      begun.push(beginBody(token, 'POST', `.git/git-${service}`, `application/x-git-${service}-request`));
  }
  await Promise.all(begun.map(({ accepted }) => accepted));
  return begun.map(({ answer }) => answer);
}

async function cloneAndPush(): Promise<void> {
  const token = await host.mint({ repo_ids: [repoId], ttl_seconds: 3600 });
  await client.git(['clone', '--quiet', host.cloneUrl(repoId, token), 'copy']);
  await client.git(['commit', '--quiet', '--allow-empty', '--message', 'More'], { cwd: 'copy' });
  await client.git(['push', '--quiet', 'origin', 'HEAD:refs/heads/more'], { cwd: 'copy' });
  expect((await host.call('PUT', `/repo/${repoId}/file/a`, { key: token, body: 'a' })).status).toBe(200);
  expect((await host.call('PUT', `/repo/${repoId}/file/b`, { body: 'b' })).status).toBe(200);
}

test.each(['upload-pack', 'receive-pack'])(
  'as many slow bodies of git-%s as there may be keep nobody from cloning, pushing and uploading',
  async (service) => {
    await open();
    const answers = await crowdOf(8, service);
    await cloneAndPush();
    const first = await Promise.race(answers);
    expect(first).toMatch(/^HTTP\/1\.1 503 /);
    expect(first).toMatch(/\r\nretry-after: 60\r\n/i);
    expect(first).toContain('this caller has the most');
  },
  60_000,
);

test('the caller that has the most on the disk gives way, and the disk is never taken for more than it may be', async () => {
  const incoming = { ...HOST_BOUNDS.incoming, memoryBytesPerBody: 0, diskBytes: 3_000_000 };
  await open({ bounds: { incoming } });
  // A token may have half of what is free: this one 1.5 MB, and the next one 0.8 MB of the rest before somebody gives way.
  const [most, less] = [await host.mint({ repo_ids: [repoId] }), await host.mint({ repo_ids: [repoId] })];
  const socket = connect(Number(new URL(host.url).port), '127.0.0.1').on('error', () => {});
  crowd.defer(() => socket.destroy());
  socket.write(
    `PUT /v1/repo/${repoId}/file/large HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${most}\r\nContent-Length: 4000000\r\n\r\n`,
  );
  socket.write(Buffer.alloc(1_400_000));
  await expect.poll(largestIncoming).toBeGreaterThan(1_300_000);
  const said = once(socket, 'data') as Promise<[Buffer]>;
  const answer = await host.call('PUT', `/repo/${repoId}/file/small`, { key: less, body: 'x'.repeat(1_000_000) });
  expect(answer.status).toBe(200);
  const [head] = await said;
  expect(head.toString()).toMatch(/^HTTP\/1\.1 503 [^]*this caller has the most/);
});

test('the request of a clone has its own, short time', async () => {
  await open({ bounds: { fetches: { ...HOST_BOUNDS.fetches, totalMs: 500 } } });
  const type = 'application/x-git-upload-pack-request';
  const { answer: coming } = beginBody(ACCOUNT_KEY, 'POST', '.git/git-upload-pack', type);
  const answer = await coming;
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(answer).toContain('the body took longer than 0.5 s');
});

test('a body that would take from the reserve of the disk is refused with 507, and a small one is not', async () => {
  await open({ bounds: { reserveBytes: Number.MAX_SAFE_INTEGER } });
  const answer = await host.call('PUT', `/repo/${repoId}/file/large`, { body: 'x'.repeat(2_000_000) });
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([507, '60']);
  expect(answer.body).toMatchObject({ error: expect.stringContaining('disk has less than') });
  expect((await host.call('PUT', `/repo/${repoId}/file/small`, { body: 'x' })).status).toBe(200);
});
