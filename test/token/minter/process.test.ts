import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { change, readToken } from '../../../src/store/records.ts';
import { connectPatientRedis, redisReady, type Redis } from '../../../src/store/redis.ts';
import { createMinterClient } from '../../../src/token/minter/client.ts';
import { openGitClient } from '../../git-host/support/git-client.ts';
import { ACCOUNT_KEY, createRepo, openTestHost, type TestHost } from '../../git-host/support/test-host.ts';
import { eventually } from '../../support/eventually.ts';
import { startProcess } from '../../support/processes.ts';
import { aSession, aToken } from '../../support/records.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const MAIN = 'src/token/minter/main.ts';
const [sessionId, tokenId, sandboxId] = ['ses_story', 'tok_story', 'sbx_story'];
const soon = (): AbortSignal => AbortSignal.timeout(20_000);

describe('the minter as a process, with a real git host behind a relay', () => {
  let store: TestRedis;
  let redis: Redis;
  let host: TestHost;
  let relay: Awaited<ReturnType<typeof openRelay>>;
  let dir: string;
  let env: Record<string, string>;
  const releases = new AsyncDisposableStack();

  beforeAll(async () => {
    store = releases.use(await startTestRedis());
    host = releases.use(await openTestHost());
    relay = releases.use(await openRelay(host));
    dir = await mkdtemp(join(tmpdir(), 'daypass-minter-'));
    releases.defer(() => rm(dir, { recursive: true, force: true }));
    redis = connectPatientRedis(store.url);
    releases.defer(() => redis.disconnect());
    await redisReady(redis, 5_000);
    env = {
      DAYPASS_LOG_LEVEL: 'trace',
      // The SDK must not follow this: it would print the URL of a deletion.
      RELACE_LOG: 'debug',
      DAYPASS_REDIS_URL: store.url,
      DAYPASS_RUN_DIR: join(dir, 'run'),
      DAYPASS_DATA_DIR: join(dir, 'data'),
      DAYPASS_RELACE_BASE_URL: `${relay.url}/`,
      DAYPASS_RELACE_API_KEY: ACCOUNT_KEY,
      DAYPASS_SEAL_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    };
  });
  afterAll(() => releases.disposeAsync());

  it('mints what git can use, and ends it although it is killed while the host fails', async () => {
    await using running = new AsyncDisposableStack();
    const first = await startProcess(MAIN, env, 'minter ready');
    running.defer(() => first.end('SIGKILL'));
    const client = createMinterClient(join(dir, 'run', 'minter.sock'));
    running.defer(() => client.close());
    const repo = await createRepo(host, { 'README.md': 'hello' });
    await change(redis, { sessionId, tokenId }, () => ({
      session: aSession({
        id: sessionId,
        status: 'starting',
        tokenId,
        deadlineAt: new Date(Date.now() + 60_000).toISOString(),
        sandbox: {
          id: sandboxId,
          image: 'i',
          engine: 'engine-1',
          claimedAt: new Date().toISOString(),
          removedAt: null,
        },
      }),
      token: aToken({ id: tokenId, sessionId, grants: [{ repoId: repo.id, access: 'write' }] }),
    }));

    await client.mint(tokenId, soon());
    const { access } = await client.open(sessionId, sandboxId, 'deliver', soon());
    const value = access.secretEnv['REPO_TOKEN']?.reveal() ?? '';
    expect(access.env['RELACE_BASE_URL']).toBe(relay.url);
    expect(access.cloneUrls[repo.id]).toBe(`${relay.url}/repo/${repo.id}.git`);
    const git = running.use(await openGitClient());
    const look = () => git.try(['ls-remote', host.cloneUrl(repo.id, value)]);
    expect((await look()).stdout).toContain(repo.head);

    relay.failDeletions(true);
    const cut = client.revoke(tokenId, soon()).catch((error: unknown) => error);
    await eventually(
      () => readToken(redis, tokenId),
      (token) => (token?.attempts ?? 0) > 0,
    );
    await first.end('SIGKILL');
    expect(await cut).toMatchObject({ code: 'minter_unavailable' });
    expect((await look()).exitCode).toBe(0);

    relay.failDeletions(false);
    const second = await startProcess(MAIN, env, 'minter ready');
    running.defer(() => second.end('SIGKILL'));
    await eventually(
      () => readToken(redis, tokenId),
      (token) => token?.state === 'revoked',
    );
    expect((await look()).exitCode).not.toBe(0);
    expect(await client.revoke(tokenId, soon())).toBe('revoked');
    await second.end('SIGTERM');

    const said = [...first.lines(), ...second.lines()].join('\n');
    const kept = (await Promise.all([readTree(store.dir), readTree(dir)])).join('');
    expect(kept).toContain(tokenId);
    for (const encoding of ['utf8', 'base64', 'base64url', 'hex'] as const) {
      expect(said + kept).not.toContain(Buffer.from(value).toString(encoding));
    }
    expect(await readdir(join(dir, 'data', 'spool'))).toEqual([]);
    expect(await readdir(join(dir, 'run'))).toEqual([]);
  });

  it('starts nothing on settings that are missing, and names them', async () => {
    const { DAYPASS_SEAL_KEYS: _left, ...rest } = env;
    await expect(startProcess(MAIN, rest, 'minter ready')).rejects.toThrow(/DAYPASS_SEAL_KEYS/);
  });
});

/** Passes REST calls on to the host; answers deletions of tokens 500 while it is told to. */
async function openRelay(host: TestHost) {
  let failing = false;
  const server = createServer((req, res) => {
    void (async () => {
      if (failing && req.method === 'DELETE') return res.writeHead(500).end('{"error":"broken"}');
      const { authorization = '' } = req.headers;
      const body = Buffer.concat(await req.toArray());
      const answer = await fetch(host.url + (req.url ?? '').replace(/^\/v1/, ''), {
        method: req.method ?? 'GET',
        headers: { authorization, 'content-type': 'application/json' },
        ...(body.length > 0 && { body }),
      });
      const type = { 'content-type': 'application/json' };
      return res.writeHead(answer.status, answer.status === 204 ? {} : type).end(await answer.text());
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    failDeletions: (value: boolean) => void (failing = value),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function readTree(dir: string): Promise<string> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('');
}
