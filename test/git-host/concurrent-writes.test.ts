import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { request, type ClientRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FLUSH_PACKET, packetLine } from '../../src/git-host/smart-http/protocol.ts';
import { openGitClient, type GitClient } from './support/git-client.ts';
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

/** A push that sends the beginning of its pack and then nothing more; returns when git on the host is at work on it. */
async function stuckPush(): Promise<ClientRequest> {
  const headers = {
    authorization: `Bearer ${ACCOUNT_KEY}`,
    'content-type': 'application/x-git-receive-pack-request',
  };
  const push = request(`${host.url}/repo/${id}.git/git-receive-pack`, { method: 'POST', headers });
  push.on('error', () => {});
  push.write(packetLine(`${'0'.repeat(40)} ${head} refs/heads/stuck\0report-status`) + FLUSH_PACKET);
  push.write(Buffer.from('5041434b00000002000000ff', 'hex'));
  await expect.poll(async () => (await repoProcesses(host.repoDir(id))).length, { timeout: 5_000 }).toBeGreaterThan(0);
  return push;
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
  // On a machine that is slow beyond measure some may wait for more than 5 s; most do not.
  expect(succeeded.length + pushed.length).toBeGreaterThan(10);
});

test('while a push stands still, writes are refused after 5 s and reads go on; when its client dies, writes go on too', async () => {
  const git = await workingCopy('other');
  const push = await stuckPush();
  const beganAt = performance.now();
  const [read, upload, update, pushed] = await Promise.all([
    host.call('GET', `/repo/${id}/clone`).then((answer) => [answer.status, performance.now() - beganAt] as const),
    host.call('PUT', `/repo/${id}/file/a`, { body: 'a' }),
    host.call('POST', `/repo/${id}/update`, { body: { source: { type: 'files', files: [] } } }),
    git(['push', 'origin', 'HEAD:main']),
  ]);
  const tookMs = performance.now() - beganAt;

  expect(read).toEqual([200, expect.any(Number)]);
  expect(read[1]).toBeLessThan(4_000);
  expect(tookMs).toBeGreaterThan(4_900);
  for (const answer of [upload, update]) {
    const error = 'the repo is being written to, and was for 5 s; try again';
    expect([answer.status, answer.body, answer.headers.get('retry-after')]).toEqual([423, { error }, '1']);
  }
  expect(pushed.exitCode).toBe(1);
  expect(pushed.stderr).toMatch(/! \[remote rejected\] HEAD -> main \(daypass: the repo is being written to/);

  push.destroy();
  await expect.poll(() => repoProcesses(host.repoDir(id)), { timeout: 5_000 }).toEqual([]);
  expect((await git(['push', 'origin', 'HEAD:main'])).exitCode).toBe(0);
  expect((await host.call('PUT', `/repo/${id}/file/a`, { body: 'a' })).status).toBe(200);
}, 30_000);

test('a repo can be deleted while a push stands still in it and a write waits behind it', async () => {
  const push = await stuckPush();
  const answered = once(push, 'response') as Promise<[{ statusCode: number }]>;
  const waiting = host.call('PUT', `/repo/${id}/file/a`, { body: 'a' });
  await host.sdk().repo.delete(id);
  expect((await answered)[0].statusCode).toBe(404);
  expect((await waiting).status).toBe(404);
  push.destroy();
  expect(await repoProcesses(host.repoDir(id))).toEqual([]);
});

test('an upload whose body is slow holds up nobody', async () => {
  const headers = { authorization: `Bearer ${ACCOUNT_KEY}`, expect: '100-continue' };
  const slow = request(`${host.url}/repo/${id}/file/slow`, { method: 'PUT', headers });
  const answered = once(slow, 'response') as Promise<[{ statusCode: number }]>;
  slow.flushHeaders();
  await once(slow, 'continue');
  slow.write('half ');
  await expect.poll(async () => (await repoProcesses(host.repoDir(id))).length, { timeout: 5_000 }).toBeGreaterThan(0);

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
  /** A request that does not say how much it will send, and stands still in the middle of it. */
  const openUpdate = (key: string): ClientRequest => {
    const headers = { authorization: `Bearer ${key}`, 'transfer-encoding': 'chunked', expect: '100-continue' };
    const update = request(`${host.url}/repo/${id}/update`, { method: 'POST', headers });
    update.on('error', () => {});
    update.flushHeaders();
    return update;
  };

  test('a push whose machine vanished is given up, and its repo can be written to again', async () => {
    await reopen({ pushStallMs: 500 });
    const push = await stuckPush();
    await new Promise((resolve) => push.once('close', resolve));
    expect((await host.call('PUT', `/repo/${id}/file/a`, { body: 'a' })).status).toBe(200);
    expect(await repoProcesses(host.repoDir(id))).toEqual([]);
  });

  test('who waits too long for a turn hears 503, when to come again, and so does git', async () => {
    await reopen({ transfers: 1, maxWaitMs: 200 });
    const push = await stuckPush();
    const asJson = await host.call('GET', `/repo/${id}/clone`);
    const error = 'the git host serves as many as it can at once; try again in a minute';
    expect([asJson.status, asJson.body, asJson.headers.get('retry-after')]).toEqual([503, { error }, '60']);
    const cloned = await client.try(['clone', '--quiet', host.cloneUrl(id, ACCOUNT_KEY), 'refused']);
    expect(cloned).toMatchObject({ exitCode: 128, stderr: expect.stringContaining('error: 503') });
    push.destroy();
    const status = async () => (await host.call('GET', `/repo/${id}/clone`)).status;
    await expect.poll(status, { timeout: 5_000 }).toBe(200);
  });

  test('large bodies take turns, so that memory has a bound; small ones and other callers go past them', async () => {
    await reopen({ maxWaitMs: 200 });
    const token = await host.mint({ repo_ids: [id] });
    const update = (content: string, key: string) => {
      const source = { type: 'diff', operations: [{ type: 'write', filename: 'a', content }] };
      return host.call('POST', `/repo/${id}/update`, { key, body: { source } });
    };
    const large = 'x'.repeat(2 * 1024 * 1024);
    const open = openUpdate(ACCOUNT_KEY);
    const answered = once(open, 'response') as Promise<[{ statusCode: number }]>;
    await once(open, 'continue');

    expect((await update(large, ACCOUNT_KEY)).status).toBe(503);
    expect((await update('small', ACCOUNT_KEY)).status).toBe(200);
    expect((await update(large, token)).status).toBe(200);

    open.end('{}');
    expect((await answered)[0].statusCode).toBe(200);
    expect((await update(`${large}!`, ACCOUNT_KEY)).status).toBe(200);
    const [file] = (await host.sdk().repo.clone(id)).files;
    expect(file?.content).toBe(`${large}!`);
  });
});
