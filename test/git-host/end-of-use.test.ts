import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FLUSH_PACKET, packetLine } from '../../src/git-host/smart-http/protocol.ts';
import { deltaBomb } from '../egress/git/delta-bomb.ts';
import { openGitClient, type GitClient } from './support/git-client.ts';
import { repoProcesses } from './support/repo-processes.ts';
import { openStallingProxy } from './support/stalling-proxy.ts';
import { ACCOUNT_KEY, createEmptyRepo, openTestHost, type TestHost } from './support/test-host.ts';

/** More than the buffers of two connections hold, so that git on the host is still at work when its reader stands still. */
const REPO_BYTES = 32 * 1024 * 1024;
const STALL_AT_BYTES = 1024 * 1024;

describe('what runs when a token ends', () => {
  let host: TestHost;
  let client: GitClient;
  let id: string;

  beforeAll(async () => {
    host = await openTestHost();
    client = await openGitClient();
    id = await createEmptyRepo(host);
    await client.git(['init', '--quiet', '--initial-branch=main', 'big']);
    await writeFile(client.path('big', 'random.bin'), randomBytes(REPO_BYTES));
    await client.git(['add', '.'], { cwd: 'big' });
    await client.git(['commit', '--quiet', '--message', 'Random'], { cwd: 'big' });
    await client.git(['push', '--quiet', host.cloneUrl(id, await host.mint({ repo_ids: [id] })), 'main'], {
      cwd: 'big',
    });
  }, 60_000);
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
  });

  test('deleting a token fails the clone that is under way with it and leaves no git process', async () => {
    await using proxy = await openStallingProxy(host.url, STALL_AT_BYTES);
    const token = await host.mint({ repo_ids: [id] });
    const clone = client.try(['clone', proxy.through(host.cloneUrl(id, token)), 'deleted']);
    await proxy.stalled;
    expect((await repoProcesses(host.repoDir(id))).length).toBeGreaterThan(0);

    await host.sdk().repoToken.delete(token);

    expect(await repoProcesses(host.repoDir(id))).toEqual([]);
    proxy.resume();
    expect((await clone).exitCode).not.toBe(0);
  }, 20_000);

  test('deleting a token leaves a clone with another token alone', async () => {
    const [kept, deleted] = [await host.mint({ repo_ids: [id] }), await host.mint({ repo_ids: [id] })];
    const clone = client.try(['clone', '--quiet', host.cloneUrl(id, kept), 'kept']);
    await host.sdk().repoToken.delete(deleted);
    expect((await clone).exitCode).toBe(0);
  }, 20_000);

  test('a clone that is under way when the TTL is over fails and leaves no git process', async () => {
    await using proxy = await openStallingProxy(host.url, STALL_AT_BYTES);
    const token = await host.mint({ repo_ids: [id], ttl_seconds: 2 });
    const clone = client.try(['clone', proxy.through(host.cloneUrl(id, token)), 'expired']);
    await proxy.stalled;

    await expect.poll(() => repoProcesses(host.repoDir(id))).toEqual([]);
    proxy.resume();
    expect((await clone).exitCode).not.toBe(0);
    expect((await host.call('GET', `/repo/${id}`, { key: token })).status).toBe(401);
  }, 20_000);

  test('a client that goes away takes its git processes with it', async () => {
    const token = await host.mint({ repo_ids: [id] });
    let clone: Promise<unknown>;
    {
      await using proxy = await openStallingProxy(host.url, STALL_AT_BYTES);
      clone = client.try(['clone', proxy.through(host.cloneUrl(id, token)), 'gone']);
      await proxy.stalled;
    }
    await expect.poll(() => repoProcesses(host.repoDir(id))).toEqual([]);
    await clone;
  }, 20_000);

  const beginPush = (token: string, headers: Record<string, string> = {}): ClientRequest =>
    request(`${host.url}/repo/${id}.git/git-receive-pack`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/x-git-receive-pack-request',
        ...headers,
      },
    });
  const halfPacks = async (): Promise<string[]> =>
    (await readdir(`${host.repoDir(id)}/objects`, { recursive: true })).filter((name) => name.includes('tmp_'));

  test('a push that is under way when its token is deleted is refused and leaves no ref, process or half pack', async () => {
    const token = await host.mint({ repo_ids: [id] });
    const head = await client.git(['rev-parse', 'HEAD'], { cwd: 'big' });
    const push = beginPush(token);
    const answered = once(push, 'response') as Promise<[{ statusCode: number }]>;
    push.write(packetLine(`${'0'.repeat(40)} ${head} refs/heads/late\0report-status`) + FLUSH_PACKET);
    // Git begins when the body is there, and unfolds this one for as long as it may.
    push.end(deltaBomb(400));
    const receiving = async () => (await halfPacks()).some((name) => name.includes('tmp_pack'));
    await expect.poll(receiving, { timeout: 20_000 }).toBe(true);
    expect((await repoProcesses(host.repoDir(id))).length).toBeGreaterThan(0);

    await host.sdk().repoToken.delete(token);

    expect((await answered)[0].statusCode).toBe(401);
    expect(await repoProcesses(host.repoDir(id))).toEqual([]);
    expect(await halfPacks()).toEqual([]);
    expect(await client.git(['ls-remote', host.cloneUrl(id, ACCOUNT_KEY)])).not.toContain('late');
  }, 60_000);

  test('a push whose body is still on its way when its token is deleted is refused, and git never sees it', async () => {
    const token = await host.mint({ repo_ids: [id] });
    const push = beginPush(token, { expect: '100-continue' });
    const answered = once(push, 'response') as Promise<[IncomingMessage]>;
    push.flushHeaders();
    await once(push, 'continue');
    push.write(packetLine(`${'0'.repeat(40)} ${'1'.repeat(40)} refs/heads/late\0report-status`) + FLUSH_PACKET);
    expect(await repoProcesses(host.repoDir(id))).toEqual([]);

    await host.sdk().repoToken.delete(token);

    const [answer] = await answered;
    expect(answer.statusCode).toBe(401);
    expect(await text(answer)).toContain('the token was deleted');
    push.destroy();
    expect(await repoProcesses(host.repoDir(id))).toEqual([]);
    expect(await halfPacks()).toEqual([]);
  }, 20_000);

  test('an update whose body is still on its way when the token is deleted is refused and changes nothing', async () => {
    const token = await host.mint({ repo_ids: [id] });
    const before = await client.git(['ls-remote', host.cloneUrl(id, await host.mint({ repo_ids: [id] })), 'main']);
    const headers = { authorization: `Bearer ${token}`, expect: '100-continue' };
    const update = request(`${host.url}/repo/${id}/update`, { method: 'POST', headers });
    const answered = once(update, 'response') as Promise<[{ statusCode: number }]>;
    update.flushHeaders();
    await once(update, 'continue');
    update.write('{"source":{"type":"files","files":[');
    await host.sdk().repoToken.delete(token);
    update.end(']}}');

    expect((await answered)[0].statusCode).toBe(401);
    expect(await client.git(['ls-remote', host.cloneUrl(id, await host.mint({ repo_ids: [id] })), 'main'])).toBe(
      before,
    );
  });

  test('closing the host ends a clone that stands still', async () => {
    await using proxy = await openStallingProxy(host.url, STALL_AT_BYTES);
    const clone = client.try([
      'clone',
      proxy.through(host.cloneUrl(id, await host.mint({ repo_ids: [id] }))),
      'closed',
    ]);
    await proxy.stalled;

    await host.restart();

    expect(await repoProcesses(host.repoDir(id))).toEqual([]);
    proxy.resume();
    expect((await clone).exitCode).not.toBe(0);
  }, 20_000);
});
