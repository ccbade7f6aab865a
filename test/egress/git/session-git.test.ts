import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { GitPolicy } from '../../../src/egress/git/policy.ts';
import { FLUSH, packet } from '../../../src/egress/git/pkt-line.ts';
import { SessionError } from '../../../src/errors.ts';
import { Secret } from '../../../src/token/secret.ts';
import { createRepo, openTestHost, type TestHost } from '../../git-host/support/test-host.ts';
import { serve } from '../support/rig.ts';
import { gitGatewayRig, type GitGatewayOptions, type GitGatewayRig } from './rig.ts';

type Push = GitPolicy['repos'][number]['push'];

const MINE: Push = { branches: ['agent/*'], force: false, delete: false };

interface Rig extends GitGatewayRig {
  host: TestHost;
  repo: string;
  /** The repo's address inside. */
  remote: string;
  head: string;
}

/** A repo at a real git host, and a client behind the gateway. */
async function rig({
  push = null,
  pushCheckBytes,
  limits,
}: { push?: Push; pushCheckBytes?: number; limits?: GitGatewayOptions['limits'] } = {}): Promise<Rig> {
  const host = await openTestHost();
  onTestFinished(() => host[Symbol.asyncDispose]());
  const { id, head } = await createRepo(host, { 'a.txt': 'a' });
  const value = await host.mint({ repo_ids: [id] });
  const gateway = await gitGatewayRig({
    repoOrigin: new URL(host.url).origin,
    git: { tokenId: 'tok_1', repos: [{ id, access: 'write', push }] },
    ask: async () => ({ tokenId: 'tok_1', value: new Secret(value), cloneUrls: { [id]: host.cloneUrl(id) } }),
    ...(pushCheckBytes && { pushCheckBytes }),
    ...(limits && { limits }),
  });
  return { ...gateway, host, repo: id, head, remote: `${gateway.url}/v1/repo/${id}.git` };
}

async function cloned(options: Parameters<typeof rig>[0] = {}, args: string[] = []): Promise<Rig> {
  const found = await rig(options);
  await found.client.git(['clone', '--quiet', ...args, found.remote, 'work']);
  return found;
}

test('git is no faster than the session may be, there and back', async () => {
  const bytesPerSecond = 100_000;
  const found = await cloned({ limits: { bytesPerSecond } });
  await writeFile(`${found.client.dir}/work/big`, randomBytes(4 * bytesPerSecond));
  await found.client.git(['add', 'big'], { cwd: 'work' });
  await commit(found.client, 'big');
  for (const args of [
    ['push', 'origin', 'HEAD:refs/heads/big'],
    ['clone', '--quiet', '--branch', 'big', found.remote, '../other'],
  ]) {
    const began = performance.now();
    await found.client.git(args, { cwd: 'work' });
    // A second's worth may come at once, and the last piece waits for nobody.
    expect(performance.now() - began).toBeGreaterThan(2_000);
  }
});

const commit = (client: Rig['client'], message: string): Promise<string> =>
  client.git(['commit', '--quiet', '--allow-empty', '-m', message], { cwd: 'work' });

async function pushed({ client }: Rig, ...args: string[]): Promise<{ ok: boolean; said: string }> {
  const { exitCode, stderr } = await client.try(['push', ...args], { cwd: 'work' });
  return { ok: exitCode === 0, said: stderr };
}

/** A push by hand: its head, then a pack. */
async function postPush(
  { remote }: Rig,
  head: Buffer[],
  headers: Record<string, string> = {},
): Promise<{ status: number; said: string }> {
  const body = Buffer.concat(head);
  const answer = await fetch(`${remote}/git-receive-pack`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-git-receive-pack-request', ...headers },
    body: headers['content-encoding'] === 'gzip' ? gzipSync(body) : body,
  });
  return { status: answer.status, said: await answer.text() };
}

const ZERO = '0'.repeat(40);
const ONE = '1'.repeat(40);

describe('a push that must not force', () => {
  test('goes on where its commits lead back to the old one, in whatever way they do', async () => {
    const at = await cloned({ push: MINE });
    await commit(at.client, 'one');
    expect(await pushed(at, 'origin', 'HEAD:refs/heads/agent/a')).toMatchObject({ ok: true });
    await at.client.git(['checkout', '--quiet', '-b', 'side', 'HEAD~1'], { cwd: 'work' });
    await commit(at.client, 'two');
    await at.client.git(['merge', '--quiet', '-m', 'merge', 'origin/agent/a'], { cwd: 'work' });
    expect(await pushed(at, 'origin', 'HEAD:refs/heads/agent/a')).toMatchObject({ ok: true });
    await expect.poll(async () => (await at.decisions()).at(-1)).toBe('git push refs/heads/agent/a allowed');
    await expect.poll(() => at.scratch()).toEqual([]);
  });

  test('goes on where the host has all of its commits already, so that none is in the pack', async () => {
    const at = await cloned({ push: MINE });
    for (const message of ['one', 'two', 'three']) await commit(at.client, message);
    expect((await pushed(at, 'origin', 'HEAD:refs/heads/agent/ahead')).ok).toBe(true);
    expect((await pushed(at, 'origin', 'HEAD~2:refs/heads/agent/behind')).ok).toBe(true);
    expect(await pushed(at, 'origin', 'HEAD:refs/heads/agent/behind')).toMatchObject({ ok: true });
    // And on top of them, with one that the host does not have.
    expect((await pushed(at, 'origin', 'HEAD~2:refs/heads/agent/third')).ok).toBe(true);
    await commit(at.client, 'four');
    expect(await pushed(at, 'origin', 'HEAD:refs/heads/agent/third')).toMatchObject({ ok: true });
  });

  test('goes on from a shallow clone', async () => {
    const at = await cloned({ push: MINE });
    for (const message of ['one', 'two']) await commit(at.client, message);
    expect((await pushed(at, 'origin', 'HEAD:refs/heads/agent/a')).ok).toBe(true);
    await at.client.git(['clone', '-q', '--depth', '1', '-b', 'agent/a', at.remote, 'shallow']);
    await at.client.git(['commit', '-q', '--allow-empty', '-m', 'three'], { cwd: 'shallow' });
    const { exitCode, stderr } = await at.client.try(['push', 'origin', 'HEAD:agent/a'], { cwd: 'shallow' });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  });

  test('is refused where it goes back, aside, or to another root', async () => {
    const at = await cloned({ push: MINE });
    for (const message of ['one', 'two']) await commit(at.client, message);
    expect((await pushed(at, 'origin', 'HEAD:refs/heads/agent/a')).ok).toBe(true);
    const back = await pushed(at, '--force', 'origin', 'HEAD~1:refs/heads/agent/a');
    await at.client.git(['commit', '--quiet', '--amend', '--allow-empty', '-m', 'other'], { cwd: 'work' });
    const aside = await pushed(at, '--force', 'origin', 'HEAD:refs/heads/agent/a');
    await at.client.git(['checkout', '--quiet', '--orphan', 'root'], { cwd: 'work' });
    await commit(at.client, 'root');
    const root = await pushed(at, '--force', 'origin', 'HEAD:refs/heads/agent/a');
    for (const { ok, said } of [back, aside, root]) {
      expect(ok).toBe(false);
      expect(said).toContain('(daypass: this is no fast-forward, and force pushes are not allowed in this session)');
    }
    await expect.poll(() => at.scratch()).toEqual([]);
  });

  test('is refused where it is too large to look into, and says so', async () => {
    const at = await cloned({ push: MINE, pushCheckBytes: 1024 * 1024 });
    await commit(at.client, 'one');
    expect((await pushed(at, 'origin', 'HEAD:refs/heads/agent/a')).ok).toBe(true);
    await writeFile(at.client.path('work', 'large'), randomBytes(3 * 1024 * 1024));
    await at.client.git(['add', '.'], { cwd: 'work' });
    await commit(at.client, 'large');
    const { ok, said } = await pushed(at, 'origin', 'HEAD:refs/heads/agent/a');
    expect(ok).toBe(false);
    expect(said).toContain('whether this is a forced push cannot be told (it is larger than 1 MB)');
    // A new branch has nothing to lose, so it is streamed, whatever its size.
    expect(await pushed(at, 'origin', 'HEAD:refs/heads/agent/b')).toMatchObject({ ok: true });
    await expect.poll(() => at.scratch()).toEqual([]);
  });

  test('cannot pass for a new branch: the host compares what it says of the old commit', async () => {
    const at = await cloned({ push: MINE });
    for (const message of ['one', 'two']) await commit(at.client, message);
    expect((await pushed(at, 'origin', 'HEAD:refs/heads/agent/a')).ok).toBe(true);
    const tip = await at.client.git(['rev-parse', 'HEAD'], { cwd: 'work' });
    const older = await at.client.git(['rev-parse', 'HEAD~1'], { cwd: 'work' });
    const { said } = await postPush(at, [
      packet(`${ZERO} ${older} refs/heads/agent/a\0report-status`),
      FLUSH,
      EMPTY_PACK,
    ]);
    expect(said).toContain('ng refs/heads/agent/a');
    expect(await at.client.git(['ls-remote', 'origin', 'agent/a'], { cwd: 'work' })).toContain(tip);
  });
});

/** A pack without objects, as git sends it for commits that the host has. */
const EMPTY_PACK = Buffer.from('5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e', 'hex');

describe('a push by hand', () => {
  const command = (ref: string, features = '\0report-status'): Buffer => packet(`${ZERO} ${ONE} ${ref}${features}\n`);

  test.each<[string, (at: Rig) => Buffer[], string]>([
    ['another branch', () => [command('refs/heads/main'), FLUSH], 'pushes go to agent/* only'],
    [
      'another branch behind an allowed one',
      () => [command('refs/heads/agent/a'), command('refs/heads/main', ''), FLUSH],
      'pushes go to agent/* only',
    ],
    ['a name with dots', () => [command('refs/heads/agent/../main'), FLUSH], 'must not hold'],
    ['HEAD itself', () => [command('HEAD'), FLUSH], 'pushes go to agent/* only'],
    ['a ref of no branch', () => [command('refs/agent/a'), FLUSH], 'pushes go to agent/* only'],
    [
      'one ref twice',
      () => [command('refs/heads/agent/a'), command('refs/heads/agent/a', ''), FLUSH],
      'names one ref twice',
    ],
    [
      'capabilities in a second line',
      () => [command('refs/heads/agent/a'), command('refs/heads/agent/b', '\0x'), FLUSH],
      'cannot be read',
    ],
    ['a name with a line break', () => [command('refs/heads/agent/a\n'), FLUSH], 'cannot be read'],
    ['ids in capitals', () => [packet(`${ZERO} ${'A'.repeat(40)} refs/heads/agent/a\0x`), FLUSH], 'cannot be read'],
    ['ids of two lengths', () => [packet(`${ZERO} ${'1'.repeat(64)} refs/heads/agent/a\0x`), FLUSH], 'cannot be read'],
    [
      'a name that is not in UTF-8',
      () => [packet(Buffer.concat([Buffer.from(`${ZERO} ${ONE} refs/heads/agent/`), Buffer.from([0xff])])), FLUSH],
      'not in UTF-8',
    ],
    [
      'a certificate',
      () => [packet('push-cert\0report-status\n'), packet('certificate version 0.1\n'), FLUSH],
      'signed pushes',
    ],
    [
      'push options',
      () => [
        command('refs/heads/agent/a', '\0report-status push-options'),
        FLUSH,
        packet('merge_request.create'),
        FLUSH,
      ],
      'push options are not passed on',
    ],
    [
      'push options with a value',
      () => [command('refs/heads/agent/a', '\0report-status push-options='), FLUSH, packet('ci.skip'), FLUSH],
      'push options are not passed on',
    ],
    [
      'push options behind a TAB',
      () => [command('refs/heads/agent/a', '\0report-status\tpush-options'), FLUSH, packet('ci.skip'), FLUSH],
      'a capability that is none',
    ],
    ['no end', () => [command('refs/heads/agent/a')], 'ends before its pack'],
    ['no packets', () => [Buffer.from('PACK and so on')], 'cannot be read'],
    [
      'more refs than anybody has',
      () => [...Array.from({ length: 2_001 }, (_, i) => command(`refs/heads/agent/${i}`, i === 0 ? '\0x' : '')), FLUSH],
      'too many refs',
    ],
  ])('of %s is refused, plain or gzip', async (_name, head, words) => {
    const at = await rig({ push: MINE });
    for (const headers of [{}, { 'content-encoding': 'gzip' }]) {
      const { status, said } = await postPush(at, head(at), headers);
      expect({ status, said }).toMatchObject({ status: 200, said: expect.stringContaining(words) });
    }
    const decisions = await at.decisions();
    expect(decisions.filter((line) => line.startsWith('git push') && !line.includes('refused'))).toEqual([]);
    const refs = await at.client.git(['ls-remote', at.remote]);
    expect(refs).toBe(`${at.head}\tHEAD\n${at.head}\trefs/heads/main`);
  });

  test('in a million of empty packets is turned down, however small they are packed', async () => {
    const at = await rig();
    const head = [packet(`${ZERO} ${ONE} refs/heads/a\0push-options`), FLUSH, Buffer.alloc(1024 * 1024, '0004')];
    const { said } = await postPush(at, head, { 'content-encoding': 'gzip' });
    expect(said).toContain('names too many refs');
  });

  test('of a large pack is streamed, with the probe that goes before it', async () => {
    const at = await cloned();
    await writeFile(at.client.path('work', 'large'), randomBytes(20 * 1024 * 1024));
    await at.client.git(['add', '.'], { cwd: 'work' });
    await commit(at.client, 'large');
    expect(await pushed(at, 'origin', 'HEAD:main')).toMatchObject({ ok: true });
    await expect
      .poll(async () => (await at.decisions()).filter((line) => line.includes('push')))
      .toEqual(['git push refs/heads/main allowed']);
  });
});

describe('what is not a repo of the session', () => {
  test.each([
    ['GET', '/v1/repo'],
    ['GET', '/v1/repo_token'],
    ['DELETE', '/v1/repo/ID'],
    ['GET', '/v1/repo/ID.git/HEAD'],
    ['GET', '/v1/repo/ID.git/info/refs'],
    ['GET', '/v1/repo/ID.git/info/refs?service=git-upload-archive'],
    ['GET', '/v1/repo/ID.git/info/refs?service=git-upload-pack&service=git-receive-pack'],
    ['POST', '/v1/repo/ID.git/git-upload-archive'],
    ['PUT', '/v1/repo/ID.git/git-receive-pack'],
  ])('%s %s is refused by HTTP’s own words', async (method, path) => {
    const at = await rig();
    const answer = await fetch(`${at.url}${path.replace('ID', at.repo)}`, { method });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain("only git's fetch and push");
  });

  test.each([
    '/v1/repo/../repo/ID.git',
    '/v1//repo/ID.git',
    '/v1/repo/%49D.git',
    '/V1/repo/ID.git',
    '/v1/repo/ID.git/x/..',
    '/v1/repo/other.git',
  ])('%s is refused in git’s words: a path is a repo’s letter by letter', async (path) => {
    const at = await rig();
    const url = `${path.replace('ID', at.repo)}/info/refs?service=git-upload-pack`;
    const said = await rawGet(at.url, url);
    expect(said).toContain('ERR daypass: this is no repo of this session');
  });
});

/** fetch would tidy the path up. */
async function rawGet(origin: string, path: string): Promise<string> {
  const { connect } = await import('node:net');
  const { text } = await import('node:stream/consumers');
  const { hostname, port, host } = new URL(origin);
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  return text(socket);
}

describe('a repo host', () => {
  /** A host that answers everything in this way, and what it was asked. */
  async function hostThat(answer: RequestListener): Promise<GitGatewayRig & { remote: string; headers: string[] }> {
    const headers: string[] = [];
    const port = await serve(
      createHttpServer((req, res) => {
        headers.push(req.headers.authorization ?? '');
        req.resume();
        answer(req, res);
      }),
    );
    const cloneUrl = `http://127.0.0.1:${port}/r.git`;
    const gateway = await gitGatewayRig({
      repoOrigin: `http://127.0.0.1:${port}`,
      git: { tokenId: 'tok_1', repos: [{ id: 'r', access: 'write', push: null }] },
      ask: async () => ({ tokenId: 'tok_1', value: new Secret('obviously-fake'), cloneUrls: { r: cloneUrl } }),
    });
    return { ...gateway, remote: `${gateway.url}/r.git`, headers };
  }

  test.each([
    ['401', 401, 'remote error: daypass: the repo host refuses the credential of this session for this (401)'],
    ['403', 403, 'remote error: daypass: the repo host refuses the credential of this session for this (403)'],
    ['404', 404, 'daypass: the repo host has no such repo'],
    ['500', 500, 'remote: daypass: the repo host answers 500'],
    ['503', 503, 'returned error: 503'],
  ])('that answers %s is told of as it is', async (_name, status, words) => {
    const at = await hostThat((req, res) => void res.writeHead(status).end(`you sent ${req.headers.authorization}`));
    const { stderr } = await at.client.try(['clone', at.remote, 'x']);
    expect(stderr).toContain(words);
    expect(stderr).not.toContain('you sent');
    expect(at.asked()).toBe(status === 401 ? 2 : 1);
  });

  test('that redirects is not followed, and nobody else sees the credential', async () => {
    const elsewhere: string[] = [];
    const other = await serve(
      createHttpServer((req, res) => {
        elsewhere.push(JSON.stringify(req.headers));
        res.end();
      }),
    );
    const at = await hostThat(
      (req, res) => void res.writeHead(302, { location: `http://127.0.0.1:${other}${req.url}` }).end(),
    );
    const { stderr } = await at.client.try(['clone', at.remote, 'x']);
    expect(stderr).toContain('the repo host redirects, which is not followed');
    expect(elsewhere).toEqual([]);
    expect(at.headers).toEqual([`Basic ${Buffer.from('token:obviously-fake').toString('base64')}`]);
  });

  test('that speaks something else than git is not passed on', async () => {
    const at = await hostThat((_req, res) => void res.writeHead(200, { 'content-type': 'text/html' }).end('<script>'));
    expect((await at.client.try(['clone', at.remote, 'x'])).stderr).toContain('returned error: 502');
  });

  test('that is away is told of so that git may try again', async () => {
    const at = await hostThat((req) => void req.socket.destroy());
    expect((await at.client.try(['clone', at.remote, 'x'])).stderr).toContain('returned error: 502');
  });
});

test('a credential that was replaced is asked for anew, without git noticing', async () => {
  const host = await openTestHost();
  onTestFinished(() => host[Symbol.asyncDispose]());
  const { id } = await createRepo(host, { 'a.txt': 'a' });
  let count = 1;
  let value = await host.mint({ repo_ids: [id] });
  const at = await gitGatewayRig({
    repoOrigin: new URL(host.url).origin,
    git: { tokenId: 'tok_1', repos: [{ id, access: 'read', push: null }] },
    ask: async () => ({ tokenId: `tok_${count}`, value: new Secret(value), cloneUrls: { [id]: host.cloneUrl(id) } }),
  });
  const remote = `${at.url}/v1/repo/${id}.git`;
  await at.client.git(['clone', '--quiet', remote, 'work']);
  await host.call('DELETE', `/repo_token/${value}`);
  value = await host.mint({ repo_ids: [id] });
  count++;
  await at.client.git(['fetch', '--quiet'], { cwd: 'work' });
  expect(at.asked()).toBe(2);
});

test('a request under way goes on with the credential that it has, while the next one gets another', async () => {
  const host = await openTestHost();
  onTestFinished(() => host[Symbol.asyncDispose]());
  const { id } = await createRepo(host, { 'a.txt': 'a' });
  const values = [await host.mint({ repo_ids: [id] }), await host.mint({ repo_ids: [id] })];
  const held = Promise.withResolvers<void>();
  const used: string[] = [];
  const passOn = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const authorization = req.headers.authorization ?? '';
    used.push(Buffer.from(authorization.slice('Basic '.length), 'base64').toString());
    if (used.length === 1) await held.promise;
    const answer = await fetch(`${new URL(host.url).origin}${req.url}`, { headers: { authorization } });
    res.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    res.end(Buffer.from(await answer.arrayBuffer()));
  };
  const slow = await serve(createHttpServer((req, res) => void passOn(req, res)));
  let count = 0;
  const git = (tokenId: string): GitPolicy => ({ tokenId, repos: [{ id, access: 'read', push: null }] });
  const at = await gitGatewayRig({
    repoOrigin: `http://127.0.0.1:${slow}`,
    git: git('tok_1'),
    ask: async () => {
      const cloneUrls = { [id]: `http://127.0.0.1:${slow}/v1/repo/${id}.git` };
      return { tokenId: `tok_${count + 1}`, value: new Secret(values[count++] ?? ''), cloneUrls };
    },
  });
  const remote = `${at.url}/v1/repo/${id}.git`;
  const first = fetch(`${remote}/info/refs?service=git-upload-pack`);
  await expect.poll(() => used.length).toBe(1);
  await at.policy(git('tok_2'));
  await expect
    .poll(async () => (await fetch(`${remote}/info/refs?service=git-upload-pack`)).status.toString() + used.at(-1))
    .toBe(`200token:${values[1]}`);
  held.resolve();
  expect((await first).status).toBe(200);
  expect(used[0]).toBe(`token:${values[0]}`);
});

test('without a credential git says why', async () => {
  const at = await gitGatewayRig({
    repoOrigin: 'http://127.0.0.1:1',
    git: { tokenId: 'tok_1', repos: [{ id: 'r', access: 'read', push: null }] },
    ask: () => Promise.reject(new SessionError('token_revoked', 'The token of this session is erased')),
  });
  const { stderr } = await at.client.try(['clone', `${at.url}/r.git`, 'x']);
  expect(stderr).toContain(
    'remote error: daypass: there is no credential for this any more: The token of this session',
  );
});
