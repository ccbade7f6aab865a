import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { runDaypass } from '../../support/run-daypass.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const KEY = 'dp_obviously_fake_key_of_a_test';

/** An API that refuses everything, and what it was sent. */
async function refusingApi() {
  const seen: { authorization: string | undefined; body: unknown }[] = [];
  const server = createServer((req, res) => {
    void (async () => {
      const body = req.method === 'POST' ? await json(req) : null;
      seen.push({ authorization: req.headers.authorization, body });
      res.writeHead(422, { 'content-type': 'application/problem+json' });
      res.end(JSON.stringify({ code: 'invalid_request', detail: 'No.' }));
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, seen, [Symbol.asyncDispose]: async () => void server.close() };
}

test('what is wrong before the command has a code that is no answer of the command, and is said without a stack', async () => {
  await using dir = await temporaryDirectory();
  const run = (env: Record<string, string>) =>
    runDaypass(['run', '--repo', 'x', '--', 'true'], { DAYPASS_DATA_DIR: dir.path, ...env });
  const noUrl = await run({ DAYPASS_API_URL: 'nowhere' });
  expect(noUrl).toMatchObject({
    exitCode: 125,
    stdout: '',
    stderr: expect.stringContaining('DAYPASS_API_URL must be'),
  });
  const named = await run({ DAYPASS_API_URL: 'http://me:hidden@127.0.0.1:9', DAYPASS_API_KEY: KEY });
  expect(named).toMatchObject({ exitCode: 125, stderr: expect.stringContaining('must have no user name in it') });
  expect(named.stderr).not.toContain('hidden');
  await writeFile(join(dir.path, 'start.json'), '{ "apiUrl":');
  const broken = await run({});
  expect(broken).toMatchObject({
    exitCode: 125,
    stdout: '',
    stderr: expect.stringMatching(/start\.json cannot be read/),
  });
  expect(broken.stderr).not.toMatch(/^ +at /m);
});

test('the key of what was started here is sent to no other API', async () => {
  await using dir = await temporaryDirectory();
  await using api = await refusingApi();
  const started = { apiUrl: 'http://127.0.0.1:1', gitHostUrl: 'http://127.0.0.1:1/v1', gitHostApiKey: 'k', pid: 1 };
  await writeFile(join(dir.path, 'start.json'), JSON.stringify({ ...started, apiKey: KEY }));
  const env = { DAYPASS_DATA_DIR: dir.path, DAYPASS_API_URL: api.url };
  expect(await runDaypass(['ls'], env)).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining('no API key for'),
  });
  await runDaypass(['doctor'], env);
  expect(api.seen.filter(({ authorization }) => authorization?.includes(KEY))).toEqual([]);
});

test('a secret comes from standard input, be it a pipe of a shell or a socket of a program', async () => {
  await using api = await refusingApi();
  const args = ['cli', 'run', '--repo', 'x', '--secret', 'S=@-', '--grace', '0s', '--', 'true'];
  const child = spawn(process.execPath, [join(ROOT, 'src/cli/up/main.ts'), ...args], {
    env: { PATH: process.env['PATH'] ?? '', DAYPASS_API_URL: api.url, DAYPASS_API_KEY: KEY },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  child.stdin.end('a-secret-of-a-test\r\n');
  const [said] = await Promise.all([text(child.stderr), once(child, 'close')]);
  expect(said).toContain('422 invalid_request: No.');
  expect(api.seen[0]?.body).toMatchObject({ secrets: { S: 'a-secret-of-a-test' } });
});

test('the command runs from a directory whose name has spaces and umlauts', async () => {
  await using dir = await temporaryDirectory();
  const place = join(dir.path, 'größere Projekte');
  await mkdir(place);
  for (const name of ['src', 'workers', 'package.json'])
    await cp(join(ROOT, name), join(place, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(place, 'node_modules'));
  const child = spawn(process.execPath, [join(place, 'src/cli/up/main.ts'), 'cli', '--version'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  expect(await text(child.stdout)).toMatch(/^\d+\.\d+\.\d+\n$/);
});
