import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { createRepo } from '../../scenarios/session.ts';
import { API_KEY, startStack } from '../../support/stack.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const MAIN = join(import.meta.dirname, '../../../src/cli/up/main.ts');
const ON_TERMINAL = join(import.meta.dirname, '../support/on-terminal.py');
const REPO = '0b5c1a52-7f1e-4a35-9f0a-3f1f6d9f2f00';
const MIB = 1024 * 1024;

/** An API that refuses everything, and the bodies that it was sent. */
async function refusingApi() {
  const bodies: { stdin?: unknown; secrets?: unknown }[] = [];
  const server = createServer((req, res) => {
    void (async () => {
      bodies.push((await json(req)) as object);
      res.writeHead(422, { 'content-type': 'application/problem+json' });
      res.end(JSON.stringify({ code: 'invalid_request', detail: 'No.' }));
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, bodies, [Symbol.asyncDispose]: async () => void server.close() };
}

/** Runs a line of a shell, in which `daypass` is this program. */
async function inShell(line: string, env: Record<string, string>, stdin: 'ignore' | 'pipe' | number = 'ignore') {
  const script = `daypass() { "${process.execPath}" "${MAIN}" cli "$@"; }\n${line}`;
  const child = spawn('bash', ['-c', script], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: [stdin, 'pipe', 'pipe'],
    signal: AbortSignal.timeout(60_000),
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')]);
  return { exitCode: child.exitCode, stdout, stderr };
}

test('what is piped into run is what the command reads, in a real session', async () => {
  await using stack = await startStack();
  const env = { DAYPASS_API_URL: stack.apiUrl, DAYPASS_API_KEY: API_KEY, REPO: await createRepo(stack) };
  const piped = await inShell('echo hi | daypass run -q --repo $REPO -- cat', env);
  expect(piped).toEqual({ exitCode: 0, stdout: 'hi\n', stderr: '' });
  const whole = await inShell(`head -c ${MIB} /dev/zero | daypass run -q --repo $REPO -- wc -c`, env);
  expect(whole).toEqual({ exitCode: 0, stdout: `${MIB}\n`, stderr: '' });
  const none = await inShell('daypass run -q --repo $REPO -- wc -c', env);
  expect(none).toEqual({ exitCode: 0, stdout: '0\n', stderr: '' });
});

test('more than 1 MiB is refused before anything starts, also when it never ends', async () => {
  await using api = await refusingApi();
  const env = { DAYPASS_API_URL: api.url, DAYPASS_API_KEY: API_KEY };
  for (const source of [`head -c ${MIB + 1} /dev/zero`, 'yes']) {
    const ended = await inShell(`${source} | daypass run --repo ${REPO} -- cat`, env);
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toMatch(/more than 1048576 bytes.*daypass cp/);
  }
  expect(api.bodies).toEqual([]);
});

test('a pipe and a file are sent; /dev/null, a closed one, an empty one and one that was declined are not', async () => {
  await using api = await refusingApi();
  await using dir = await temporaryDirectory();
  const path = join(dir.path, 'input');
  const file = `'${path}'`;
  await writeFile(path, Buffer.from([0, 255, 10]));
  const env = { DAYPASS_API_URL: api.url, DAYPASS_API_KEY: API_KEY };
  const sent = async (line: string): Promise<unknown> => {
    const { exitCode, stderr } = await inShell(line.replace('RUN', `daypass run --repo ${REPO}`), env);
    expect(stderr).toContain('No.');
    expect(exitCode).toBe(125);
    return api.bodies.at(-1)?.stdin;
  };
  const field = { base64: Buffer.from([0, 255, 10]).toString('base64') };
  expect(await sent(`RUN -- cat < ${file}`)).toEqual(field);
  expect(await sent(`cat ${file} | RUN -- cat`)).toEqual(field);
  expect(await sent(`RUN --stdin ${file} -- cat`)).toEqual(field);
  expect(await sent(`cat ${file} | RUN --stdin - -- cat`)).toEqual(field);
  expect(await sent(`RUN -- cat <&-`)).toBeUndefined();
  expect(await sent(`RUN -- cat < /dev/null`)).toBeUndefined();
  expect(await sent(`printf '' | RUN -- cat`)).toBeUndefined();
  expect(await sent(`cat ${file} | RUN --no-stdin -- cat`)).toBeUndefined();
  expect(await sent(`cat ${file} | RUN --detach`)).toBeUndefined();
  expect(await sent(`echo long-enough | RUN --secret KEY=@- -- cat`)).toBeUndefined();
  expect(api.bodies.at(-1)?.secrets).toEqual({ KEY: 'long-enough' });
});

test('a standard input that stays open without a word holds nothing up, unless it is a pipe, which is said', async () => {
  await using api = await refusingApi();
  const env = { DAYPASS_API_URL: api.url, DAYPASS_API_KEY: API_KEY };
  // What Node calls a pipe is a socket, as services have one.
  const socket = await inShell(`daypass run --repo ${REPO} -- cat`, env, 'pipe');
  expect(socket).toMatchObject({ exitCode: 125, stderr: expect.stringContaining('No.') });
  const device = openSync('/dev/zero', 'r');
  const endless = await inShell(`daypass run --repo ${REPO} -- cat`, env, device);
  closeSync(device);
  expect(endless).toMatchObject({ exitCode: 125, stderr: expect.stringContaining('No.') });
  expect(api.bodies.map(({ stdin }) => stdin)).toEqual([undefined, undefined]);
  await using dir = await temporaryDirectory();
  const waits = '(until grep -qs no-stdin "$SAID"; do sleep 0.2; done; echo late)';
  const line = `${waits} | daypass run --repo ${REPO} -- cat 2> "$SAID"; cat "$SAID" >&2`;
  const slow = await inShell(line, { ...env, SAID: join(dir.path, 'said') });
  expect(slow.stderr).toContain('--no-stdin leaves it out');
  expect(api.bodies.at(-1)?.stdin).toEqual({ base64: Buffer.from('late\n').toString('base64') });
});

test.each([
  ['a file that is not there', '--stdin /nowhere/at-all -- cat', '--stdin /nowhere/at-all: '],
  ['a directory', '--stdin / -- cat', '--stdin /: '],
  ['one for no command', '--detach --stdin /etc/hostname', 'needs a command'],
  ['one that a secret reads too', '--secret K=@- --stdin - -- cat', 'Only one of --stdin and --secret'],
])('%s is refused before anything starts', async (_, args, reason) => {
  await using api = await refusingApi();
  const env = { DAYPASS_API_URL: api.url, DAYPASS_API_KEY: API_KEY };
  const ended = await inShell(`echo long-enough | daypass run --repo ${REPO} ${args}`, env);
  expect(ended).toMatchObject({ exitCode: 125, stdout: '', stderr: expect.stringContaining(reason) });
  expect(api.bodies).toEqual([]);
});

test('on a terminal nothing is sent, and a shell to type into is refused', async () => {
  await using api = await refusingApi();
  const onTerminal = async (...args: string[]) => {
    const program = [process.execPath, MAIN, 'cli', 'run', '--repo', REPO, ...args];
    const child = spawn('python3', [ON_TERMINAL, ...program], {
      env: { PATH: process.env['PATH'] ?? '', DAYPASS_API_URL: api.url, DAYPASS_API_KEY: API_KEY },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [shown] = await Promise.all([text(child.stdout), once(child, 'close')]);
    return { exitCode: child.exitCode, shown };
  };
  const shell = await onTerminal('--', '/bin/bash');
  expect(shell).toEqual({ exitCode: 125, shown: expect.stringContaining('daypass exec') });
  expect(api.bodies).toEqual([]);
  await onTerminal('--', 'bash', '-c', 'true');
  expect(api.bodies).toHaveLength(1);
  expect(api.bodies[0]?.stdin).toBeUndefined();
});
