import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHostProcess } from './support/host-process.ts';
import { send, watchHost, type HostWatch } from './support/watch-host.ts';

const KEY = 'account-key-of-hostile-bodies';
const MIB = 1024 ** 2;
/** The host's own process, whatever it is sent. */
const MAX_HOST_MB = 200;
/** Milliseconds on a machine of one's own; here others have the processors too. It was minutes, and then the end of the process. */
const MAX_BESIDE_MS = 10_000;

let url: string;
let pid: number;
let repoId: string;
const cleanup = new AsyncDisposableStack();

beforeAll(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'git-host-hostile-'));
  cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));
  const { child, url: base } = await startHostProcess(cleanup, { dataDir, key: KEY });
  [url, pid] = [base, child.pid ?? 0];
  repoId = await createRepo();
});
afterAll(() => cleanup.disposeAsync());

const call = (method: string, path: string, options: Parameters<typeof send>[3] = {}) =>
  send({ url, key: KEY }, method, path, options);

async function createRepo(): Promise<string> {
  return (JSON.parse((await call('POST', '/repo', { body: '{}' })).body) as { repo_id: string }).repo_id;
}

/** The status of an update with this body. */
async function update(body: string | Buffer, headers: Record<string, string> = {}): Promise<number> {
  return (await call('POST', `/repo/${repoId}/update`, { body, headers })).status;
}

const watch = (): HostWatch => watchHost({ url, pid, key: KEY, repoId });
const files = (inner: string): string => `{"source":{"type":"files","files":[${inner}]}}`;

async function expectUnharmed(watched: HostWatch): Promise<void> {
  const { peakMb, longestMs, rounds } = await watched.stop();
  expect(rounds).toBeGreaterThan(0);
  expect(peakMb).toBeLessThan(MAX_HOST_MB);
  expect(longestMs).toBeLessThan(MAX_BESIDE_MS);
}

const SHAPES: [string, number, () => string | Buffer][] = [
  ['60 MB of numbers', 413, () => files(`${'1,'.repeat(30 * MIB)}1`)],
  ['3 MB of numbers', 413, () => files(`${'1,'.repeat(1.5 * MIB)}1`)],
  ['numbers in place of files, as many as may be', 400, () => files(`${'1,'.repeat(149_000)}1`)],
  ['wrong files, as many as may be', 400, () => files(`${'{"filename":1,"content":1},'.repeat(49_000)}1`)],
  [
    'wrong pairs, as many as may be',
    400,
    () => `{"metadata":{${Array.from({ length: 150_000 }, (_, at) => `"k${at}":1`).join()}}}`,
  ],
  [
    'unknown fields, as many as may be',
    200,
    () => `{${Array.from({ length: 150_000 }, (_, at) => `"k${at}":1`).join()}}`,
  ],
  ['one field again and again', 413, () => `{${'"source":{},'.repeat(4 * MIB)}"a":1}`],
  ['60 MB of brackets', 413, () => '['.repeat(60 * MIB)],
  ['a name of 60 MB', 413, () => files(`{"filename":"${'x'.repeat(60 * MIB)}","content":""}`)],
  ['a key of 60 MB', 413, () => `{"${'x'.repeat(60 * MIB)}":1}`],
  ['a number of 60 MB', 413, () => files('1'.repeat(60 * MIB))],
  ['60 MB that are not UTF-8', 400, () => Buffer.concat([Buffer.from('{"a":"'), Buffer.alloc(60 * MIB, 0xc3)])],
  ['60 MB of nothing', 400, () => Buffer.alloc(60 * MIB)],
  ['60 MB of escapes that are wrong', 400, () => files(`{"filename":"a","content":"${'\\u00zz'.repeat(10 * MIB)}"}`)],
  [
    'a content of 60 MB of escapes, which is fine',
    200,
    () => files(`{"filename":"a","content":"${'\\u0041'.repeat(8 * MIB)}"}`),
  ],
  ['a content of 51 MB', 413, () => files(`{"filename":"a","content":"${'x'.repeat(51 * MIB)}"}`)],
  ['60 MB of spaces', 200, () => `${' '.repeat(60 * MIB)}{}`],
];

test.each(SHAPES)(
  '%s are answered %i, in bounded memory and time, while tokens come and go',
  async (_name, status, make) => {
    const body = make();
    const watched = watch();
    expect(await update(body)).toBe(status);
    await expectUnharmed(watched);
  },
  60_000,
);

test('the longest valid bodies, several at once, do no more', async () => {
  const name = (letter: string, at: number): string => `${letter.repeat(140)}${String(at).padStart(10, '0')}`;
  const named = (letter: string): string =>
    files(Array.from({ length: 49_000 }, (_, at) => `{"filename":"${name(letter, at)}","content":""}`).join());
  const body = named('n');
  const watched = watch();
  const answers = await Promise.all(Array.from({ length: 2 }, () => call('POST', '/repo', { body })));
  expect(answers.map(({ status }) => status)).toEqual([201, 201]);
  expect(await Promise.all([update(body), update(body)])).toEqual([200, 200]);
  // The body alone is no longer than it may be, but what becomes of the tree is.
  expect(await update(named('m'))).toBe(413);
  await expectUnharmed(watched);
}, 300_000);

test('the longest metadata is no weight for other requests on its repo, and a list of it comes in pages', async () => {
  const pairs = (count: number): string =>
    Array.from({ length: count }, (_, at) => `"k${at}":"${'\u20ac'.repeat(4_000)}"`).join();
  expect((await call('POST', '/repo', { body: `{"metadata":{${pairs(100)}}}` })).status).toBe(400);
  const longest = { body: `{"metadata":{${pairs(16)}}}` };
  const made = await Promise.all(Array.from({ length: 100 }, () => call('POST', '/repo', longest)));
  expect(new Set(made.map(({ status }) => status))).toEqual(new Set([201]));
  const id = (JSON.parse(made[0]?.body ?? '') as { repo_id: string }).repo_id;

  const watched = watch();
  const pages = await Promise.all(Array.from({ length: 8 }, () => call('GET', '/repo?order_descending=true')));
  for (const { body } of pages) {
    const { items, next_page: next } = JSON.parse(body) as { items: unknown[]; next_page: number };
    expect(items.length).toBeLessThan(60);
    expect(next).toBe(items.length);
  }
  const again = JSON.stringify({ name: 'again', repo_ids: Array.from({ length: 1_000 }, () => id) });
  const token = await call('POST', '/repo_token', { body: again });
  expect(token.status).toBe(201);
  expect(JSON.parse(token.body)).toMatchObject({ repo_ids: [id] });
  await Promise.all(Array.from({ length: 500 }, () => call('GET', `/repo/${id}.git/info/refs?service=x`)));
  await expectUnharmed(watched);
}, 120_000);

test('all of them at once, from several clients, packed and in other types, do no more', async () => {
  const bodies = SHAPES.map(([, , make]) => make());
  const watched = watch();
  const zip = Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(30 * MIB)]);
  const form = `--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n${'x'.repeat(30 * MIB)}\r\n--b--`;
  const statuses = await Promise.all([
    ...bodies.map((body) => update(body)),
    update(zip, { 'content-type': 'application/zip' }),
    update(form, { 'content-type': 'multipart/form-data; boundary=b' }),
    update(gzipSync(Buffer.alloc(200 * MIB, '1,')), { 'content-encoding': 'gzip' }),
    ...['upload', 'receive'].map((service) => gitBomb(service)),
  ]);
  expect(statuses.slice(-5)).toEqual([400, 400, 415, 413, 413]);
  await expectUnharmed(watched);
}, 120_000);

async function gitBomb(service: string): Promise<number> {
  const body = gzipSync(Buffer.alloc(300 * MIB));
  const type = `application/x-git-${service}-pack-request`;
  const headers = { 'content-type': type, 'content-encoding': 'gzip' };
  return (await call('POST', `/repo/${repoId}.git/git-${service}-pack`, { body, headers })).status;
}

test('requests behind each other on one connection, in chunks of a byte, and headers without end do no more', async () => {
  const watched = watch();
  const { hostname, port, pathname } = new URL(url);
  const head = `POST ${pathname}/repo/${repoId}/update HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\n`;
  /** The status of the first answer, if there was one before the connection was cut. */
  const raw = async (bytes: string): Promise<string> => {
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('error', () => {}).on('data', (data) => (answer += data.toString()));
    socket.end(bytes);
    await new Promise((resolve) => socket.once('close', resolve));
    return /^HTTP\/1.1 (\d+)/.exec(answer)?.[1] ?? 'none';
  };
  const pipelined = `${head}Content-Length: 200000\r\n\r\n${'1,'.repeat(100_000)}`.repeat(100);
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${'1\r\n1\r\n'.repeat(3 * MIB)}0\r\n\r\n`;
  const long = `GET ${pathname}/repo?${'x'.repeat(MIB)} HTTP/1.1\r\nHost: x\r\n\r\n`;
  const many = `${head}${Array.from({ length: 100_000 }, (_, at) => `X-${at}: 1\r\n`).join('')}\r\n`;
  const answers = await Promise.all([raw(pipelined), raw(chunked), raw(long), raw(many)]);
  expect(answers[0]).toBeOneOf(['400', 'none']);
  expect(answers[1]).toBe('400');
  // The rest of such a head is not read, and a client that still writes it may be cut before it has read why.
  for (const answer of answers.slice(2)) expect(answer).toBeOneOf(['431', 'none']);
  await expectUnharmed(watched);
}, 60_000);

test('a tree that lists billions of files is refused by each call that would list it, and is cheap to have', async () => {
  const repo = await createRepo();
  const dir = await mkdtemp(join(tmpdir(), 'git-host-tree-'));
  cleanup.defer(() => rm(dir, { recursive: true, force: true }));
  const git = (args: string[], input = ''): string => {
    const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
    const { stdout, stderr, status } = spawnSync('git', [...identity, ...args], { cwd: dir, input, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return stdout.trim();
  };
  git(['init', '--quiet', '--bare']);
  const names = Array.from({ length: 10 }, (_, at) => `name-${at}`);
  let tree = git(
    ['mktree'],
    names.map((name) => `100644 blob ${git(['hash-object', '-w', '--stdin'], '')}\t${name}\n`).join(''),
  );
  for (let level = 0; level < 9; level += 1)
    tree = git(['mktree'], names.map((name) => `040000 tree ${tree}\t${name}\n`).join(''));
  const commit = git(['commit-tree', '-m', 'Bomb', tree]);
  git(['push', '--quiet', `${url.replace('://', `://x:${KEY}@`)}/repo/${repo}.git`, `${commit}:refs/heads/main`]);

  const watched = watch();
  const readings = await Promise.all([
    call('GET', `/repo/${repo}/clone`),
    call('GET', `/repo/${repo}/file/name-0/name-1`),
  ]);
  expect(readings.map(({ status }) => status)).toEqual([413, 404]);
  // One after another: a repo has one writer at a time, and who waits for long is told so.
  for (const write of [
    () => call('PUT', `/repo/${repo}/file/new`, { body: 'x' }),
    () => call('DELETE', `/repo/${repo}/file/name-0`),
    () => call('POST', `/repo/${repo}/update`, { body: files('') }),
  ])
    expect((await write()).status).toBe(413);
  await expectUnharmed(watched);
}, 120_000);

test('fifty clients that each send the beginning of a large body leave the memory as it is', async () => {
  const watched = watch();
  const { hostname, port, pathname } = new URL(url);
  const sockets = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      const head = `PUT ${pathname}/repo/${repoId}/file/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Length: ${40 * MIB}\r\n\r\n`;
      socket.write(head);
      if (!socket.write(Buffer.alloc(8 * MIB))) await once(socket, 'drain');
      return socket;
    }),
  );
  expect(sockets.every(({ bytesWritten }) => bytesWritten > MIB)).toBe(true);
  await expectUnharmed(watched);
  for (const socket of sockets) socket.destroy();
}, 60_000);
