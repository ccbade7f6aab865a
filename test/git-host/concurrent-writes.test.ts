import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HOST_BOUNDS } from '../../src/git-host/bounds.ts';
import { FLUSH_PACKET, packetLine } from '../../src/git-host/smart-http/protocol.ts';
import { openGitClient, type GitClient } from './support/git-client.ts';
import { largestIncoming } from './support/largest-incoming.ts';
import { repoProcesses } from './support/repo-processes.ts';
import { ACCOUNT_KEY, createRepo, openTestHost, type TestHost } from './support/test-host.ts';

let host: TestHost;
let client: GitClient;
let id: string;
let head: string;

async function openHost(options: Parameters<typeof openTestHost>[0] = {}): Promise<void> {
  host = await openTestHost(options);
  ({ id, head } = await createRepo(host, { start: '' }));
}

beforeEach(async () => {
  await openHost();
  client = await openGitClient();
});
afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

/** A push that sends the beginning of its pack and then nothing more. */
async function halfPush(): Promise<ClientRequest> {
  const headers = {
    authorization: `Bearer ${ACCOUNT_KEY}`,
    'content-type': 'application/x-git-receive-pack-request',
    expect: '100-continue',
  };
  const push = request(`${host.url}/repo/${id}.git/git-receive-pack`, { method: 'POST', headers });
  push.on('error', () => {});
  push.flushHeaders();
  await once(push, 'continue');
  push.write(packetLine(`${'0'.repeat(40)} ${head} refs/heads/stuck\0report-status`) + FLUSH_PACKET);
  push.write(Buffer.from('5041434b00000002000000ff', 'hex'));
  return push;
}

/** A push all of which has arrived and whose git on the host is stopped, with the repo's lock. */
async function stoppedPush(): Promise<{ pids: number[]; pushed: Promise<number> }> {
  const git = await workingCopy('stopped');
  await writeFile(client.path('stopped', 'large'), randomBytes(24 * 1024 * 1024));
  await git(['add', '.']);
  await git(['commit', '--quiet', '-m', 'Large']);
  const pushed = git(['push', '--quiet', 'origin', 'HEAD:refs/heads/stopped']).then(({ exitCode }) => exitCode);
  const quarantine = async () =>
    (await readdir(host.repoDir(id) + '/objects')).some((name) => name.startsWith('tmp_objdir'));
  while (!(await quarantine())) await new Promise(setImmediate);
  const pids = await repoProcesses(host.repoDir(id));
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  return { pids, pushed };
}

async function workingCopy(name: string): Promise<(args: string[]) => ReturnType<GitClient['try']>> {
  await client.git(['clone', '--quiet', host.cloneUrl(id, ACCOUNT_KEY), name]);
  await writeFile(client.path(name, name), name);
  await client.git(['add', '.'], { cwd: name });
  await client.git(['commit', '--quiet', '-m', name], { cwd: name });
  return (args) => client.try(args, { cwd: name });
}

test('ten pushes and ten uploads at once: every one that succeeded is in the history', async () => {
  const names = Array.from({ length: 10 }, (_, index) => `writer-${index}`);
  const copies: Awaited<ReturnType<typeof workingCopy>>[] = [];
  for (const name of names) copies.push(await workingCopy(name));

  const pushes = names.map(
    async (name, index) => (await copies[index]?.(['push', 'origin', `HEAD:${name}`]))?.exitCode,
  );
  const uploads = names.map(async (name) => {
    const answer = await host.call('PUT', `/repo/${id}/file/${name}`, { body: name });
    return answer.status;
  });
  const [exitCodes, statuses] = [await Promise.all(pushes), await Promise.all(uploads)];

  await client.git(['clone', '--quiet', '--bare', host.cloneUrl(id, ACCOUNT_KEY), 'r']);
  const uploaded = (await client.git(['ls-tree', '--name-only', 'main'], { cwd: 'r' })).split('\n');
  const branches = (await client.git(['branch', '--format=%(refname:short)'], { cwd: 'r' })).split('\n');
  const succeeded = names.filter((_, index) => statuses[index] === 200);
  const pushed = names.filter((_, index) => exitCodes[index] === 0);
  expect(uploaded).toEqual(['start', ...succeeded].toSorted());
  expect(branches).toEqual(['main', ...pushed].toSorted());
  expect(Number(await client.git(['rev-list', '--count', 'main'], { cwd: 'r' }))).toBe(1 + succeeded.length);
  for (const name of pushed) expect(await client.git(['show', `${name}:${name}`], { cwd: 'r' })).toBe(name);
  expect(await client.git(['fsck', '--strict'], { cwd: 'r' })).toBe('');
  // On a machine that is slow beyond measure some wait for more than 5 s.
  expect(succeeded.length).toBeGreaterThan(0);
  expect(pushed.length).toBeGreaterThan(0);
});

test('while a push stands still, others read and write; while git works on one, writes hear after 5 s that they are too late', async () => {
  const git = await workingCopy('other');
  const half = await halfPush();
  expect((await host.call('PUT', `/repo/${id}/file/beside`, { body: 'b' })).status).toBe(200);
  expect((await git(['push', 'origin', 'HEAD:beside'])).exitCode).toBe(0);
  expect(await repoProcesses(host.repoDir(id))).toEqual([]);
  half.destroy();

  const { pids, pushed } = await stoppedPush();
  const order: string[] = [];
  const [read, upload, update, second] = await Promise.all([
    host.call('GET', `/repo/${id}/clone`).finally(() => order.push('read')),
    host.call('PUT', `/repo/${id}/file/a`, { body: 'a' }).finally(() => order.push('write')),
    host
      .call('POST', `/repo/${id}/update`, { body: { source: { type: 'files', files: [] } } })
      .finally(() => order.push('write')),
    git(['push', 'origin', 'HEAD:refs/heads/too-late']).finally(() => order.push('write')),
  ]);

  expect(read.status).toBe(200);
  expect(order).toEqual(['read', 'write', 'write', 'write']);
  for (const answer of [upload, update]) {
    const error = 'the repo is being written to, and was for 5 s; try again';
    expect([answer.status, answer.body, answer.headers.get('retry-after')]).toEqual([423, { error }, '1']);
  }
  expect(second.exitCode).toBe(1);
  expect(second.stderr).toMatch(/! \[remote rejected\] HEAD -> too-late \(daypass: the repo is being written to/);

  for (const pid of pids) process.kill(pid, 'SIGCONT');
  expect(await pushed).toBe(0);
  expect((await git(['push', 'origin', 'HEAD:refs/heads/too-late'])).exitCode).toBe(0);
  expect((await host.call('PUT', `/repo/${id}/file/a`, { body: 'a' })).status).toBe(200);
}, 60_000);

test('a repo can be deleted while a push stands still in it, and one whose body is on its way', async () => {
  const half = await halfPush();
  const answered = once(half, 'response') as Promise<[{ statusCode: number }]>;
  const { pids, pushed } = await stoppedPush();
  const waiting = host.call('PUT', `/repo/${id}/file/a`, { body: 'a' });
  const deleted = host.sdk().repo.delete(id);
  // What is stopped hears nothing but SIGKILL.
  await deleted;
  expect((await answered)[0].statusCode).toBe(404);
  expect((await waiting).status).toBe(404);
  expect(await pushed).not.toBe(0);
  half.destroy();
  expect((await repoProcesses(host.repoDir(id))).filter((pid) => pids.includes(pid))).toEqual([]);
}, 60_000);

test('an upload whose body is slow holds up nobody', async () => {
  const headers = { authorization: `Bearer ${ACCOUNT_KEY}`, expect: '100-continue' };
  const slow = request(`${host.url}/repo/${id}/file/slow`, { method: 'PUT', headers });
  const answered = once(slow, 'response') as Promise<[{ statusCode: number }]>;
  slow.flushHeaders();
  await once(slow, 'continue');
  slow.write('half ');
  expect(await repoProcesses(host.repoDir(id))).toEqual([]);

  expect((await host.call('PUT', `/repo/${id}/file/quick`, { body: 'quick' })).status).toBe(200);

  slow.end('and half');
  expect((await answered)[0].statusCode).toBe(200);
  const { files } = await host.sdk().repo.clone(id);
  expect(files.map(({ filename, content }) => [filename, content])).toEqual([
    ['quick', 'quick'],
    ['slow', 'half and half'],
    ['start', ''],
  ]);
});

describe('a host that is short of patience', () => {
  const reopen = async (options: Parameters<typeof openTestHost>[0]): Promise<void> => {
    await host[Symbol.asyncDispose]();
    await openHost(options);
  };
  const body = { minBytesPerSecond: 1_000, windowMs: 500, totalMs: 2_000 };

  test('a push whose machine vanished is given up and told why; nothing waited for it', async () => {
    await reopen({ bounds: { body } });
    const push = await halfPush();
    const [answer] = (await once(push, 'response')) as [IncomingMessage];
    const error = 'fewer than 500 bytes of the body came within 0.5 s';
    expect([answer.statusCode, JSON.parse(await text(answer))]).toEqual([408, { error }]);
    push.destroy();
    expect(await repoProcesses(host.repoDir(id))).toEqual([]);
  });

  test('a body that drips is given up, and one that comes fast enough but never ends', async () => {
    await reopen({ bounds: { body } });
    const send = async (bytes: number) => {
      const headers = { authorization: `Bearer ${ACCOUNT_KEY}`, 'transfer-encoding': 'chunked' };
      const upload = request(`${host.url}/repo/${id}/file/slow`, { method: 'PUT', headers });
      upload.on('error', () => {});
      const drip = setInterval(() => upload.write(Buffer.alloc(bytes)), 50);
      const [answer] = (await once(upload, 'response')) as [IncomingMessage];
      clearInterval(drip);
      upload.destroy();
      return [answer.statusCode, JSON.parse(await text(answer))] as const;
    };
    expect(await send(1)).toEqual([408, { error: 'fewer than 500 bytes of the body came within 0.5 s' }]);
    expect(await send(400)).toEqual([408, { error: 'the body took longer than 2 s' }]);
  });

  test('who waits too long for a turn hears 503, when to come again, and so does git', async () => {
    await reopen({ transfers: 1, maxWaitMs: 200 });
    const { pids, pushed } = await stoppedPush();
    const asJson = await host.call('PUT', `/repo/${id}/file/a`, { body: 'a' });
    const error = 'the git host serves as many as it can at once; try again in a minute';
    expect([asJson.status, asJson.body, asJson.headers.get('retry-after')]).toEqual([503, { error }, '60']);
    const late = await client.try(['push', 'origin', 'HEAD:refs/heads/late'], { cwd: 'stopped' });
    expect(late).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('HTTP 503') });
    // Those who write keep no reader out.
    expect((await client.try(['clone', '--quiet', host.cloneUrl(id, ACCOUNT_KEY), 'read'])).exitCode).toBe(0);
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    expect(await pushed).toBe(0);
    expect((await host.call('PUT', `/repo/${id}/file/a`, { body: 'a' })).status).toBe(200);
  }, 60_000);

  test('half-open uploads of every kind keep nobody from cloning, pushing, minting and revoking', async () => {
    await reopen({ transfers: 1, maxWaitMs: 1_000 });
    const git = await workingCopy('neighbour');
    const tokens = [await host.mint({ repo_ids: [id] }), await host.mint({ repo_ids: [id] })];
    const targets = ['.git/git-receive-pack', '.git/git-upload-pack', '/update', '/file/half'];
    const types = [
      'application/x-git-receive-pack-request',
      'application/x-git-upload-pack-request',
      'application/json',
      '',
    ];
    const half = tokens.flatMap((token) =>
      Array.from({ length: 40 }, (_, at) => {
        const headers = { authorization: `Bearer ${token}`, 'content-type': types[at % 4] ?? '' };
        const method = at % 4 === 3 ? 'PUT' : 'POST';
        const open = request(`${host.url}/repo/${id}${targets[at % 4]}`, { method, headers });
        open.on('error', () => {}).write('{"source":');
        return open;
      }),
    );
    expect((await git(['fetch', '--quiet', 'origin'])).exitCode).toBe(0);
    expect((await git(['push', '--quiet', 'origin', 'HEAD:beside'])).exitCode).toBe(0);
    const token = await host.mint({ repo_ids: [id] });
    await host.sdk().repoToken.delete(token);
    for (const open of half) open.destroy();
  }, 30_000);

  test('a caller has its share of what is taken in, and hears 429 and when to come again', async () => {
    const incoming = {
      ...HOST_BOUNDS.incoming,
      memoryBytesPerBody: 0,
      diskBytesPerCaller: 3_000_000,
      bodiesPerCaller: 2,
    };
    await reopen({ bounds: { incoming } });
    const token = await host.mint({ repo_ids: [id] });
    const first = await halfPush();
    first.write(Buffer.alloc(2_000_000));
    const large = 'x'.repeat(2_000_000);
    const refused = () => host.call('PUT', `/repo/${id}/file/large`, { body: large });
    await expect.poll(() => largestIncoming()).toBeGreaterThan(1_900_000);
    expect((await refused()).status).toBe(429);
    expect((await refused()).headers.get('retry-after')).toBe('10');
    expect((await host.call('PUT', `/repo/${id}/file/large`, { key: token, body: large })).status).toBe(200);
    const second = await halfPush();
    expect(await refused()).toMatchObject({
      status: 429,
      body: { error: '2 bodies of this caller are on their way already' },
    });
    // Minting is not among them.
    await host.mint({ repo_ids: [id] });
    first.destroy();
    second.destroy();
    await expect.poll(async () => (await refused()).status).toBe(200);
  });

  test('a token has so many requests at once, the account as many as it likes', async () => {
    await reopen({ bounds: { requestsPerToken: 3 } });
    const token = await host.mint({ repo_ids: [id] });
    const open = async (key: string) => {
      const headers = { authorization: `Bearer ${key}`, expect: '100-continue' };
      const upload = request(`${host.url}/repo/${id}/file/open`, { method: 'PUT', headers });
      upload.on('error', () => {}).flushHeaders();
      await once(upload, 'continue');
      return upload;
    };
    const uploads = [
      await open(token),
      await open(token),
      await open(token),
      ...(await Promise.all([1, 2, 3, 4].map(() => open(ACCOUNT_KEY)))),
    ];
    const answer = await host.call('GET', `/repo/${id}`, { key: token });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '10']);
    expect((await host.call('GET', `/repo/${id}`)).status).toBe(200);
    for (const upload of uploads) upload.destroy();
    await expect.poll(async () => (await host.call('GET', `/repo/${id}`, { key: token })).status).toBe(200);
  });
});
