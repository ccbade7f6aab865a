import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRepo, getSession, settled, until, type WireSession } from '../../scenarios/session.ts';
import { runDaypass, spawnDaypass, untilEnded } from '../../support/run-daypass.ts';
import { nothingLeft, startStack, type Stack } from '../../support/stack.ts';

const API_KEY = 'dp_obviously_fake_key_of_a_test';

let stack: Stack;
let repo: string;
let dir: string;

beforeAll(async () => {
  stack = await startStack();
  repo = await createRepo(stack);
  dir = await mkdtemp(join(tmpdir(), 'daypass-run-'));
});
afterAll(async () => {
  await stack?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const env = (more: Record<string, string> = {}) => ({
  DAYPASS_API_URL: stack.apiUrl,
  DAYPASS_API_KEY: API_KEY,
  ...more,
});
const run = (...args: string[]) => runDaypass(['run', '--repo', repo, ...args], env());
const start = (...args: string[]) => spawnDaypass(['run', '--repo', repo, ...args], env());

async function newest(): Promise<WireSession> {
  const { data } = (await (await stack.call('GET', '/v1/sessions?limit=1')).json()) as { data: WireSession[] };
  const [session] = data;
  if (session === undefined) throw new Error('There is no session');
  return session;
}

/** Waits for a text on a stream that is read to its end elsewhere. */
async function hears(stream: NodeJS.ReadableStream, text: string): Promise<void> {
  let heard = '';
  for await (const [chunk] of on(stream, 'data')) {
    heard += String(chunk);
    if (heard.includes(text)) return;
  }
}

test("run prints each stream to its own and ends with the command's exit code", async () => {
  const ended = await run('-q', '--', 'sh', '-c', 'cat README.md; echo wrong >&2; exit 7');
  expect(ended).toEqual({ exitCode: 7, stdout: '# Hello\n', stderr: 'wrong\n' });
  expect((await run('-q', 'true')).exitCode).toBe(0);
});

test('what is asked for is what the sandbox gets, and a secret comes from the environment or a file, never the command line', async () => {
  await writeFile(join(dir, 'key'), 'out-of-a-file\n');
  const args = ['--env', 'A=b=c', '--env', 'FROM_HERE', '--secret', 'S1', '--secret', `S2=@${join(dir, 'key')}`];
  const more = ['--metadata', 'task=42', '--timeout', '1m30s', '--memory', '1g', '--pids', '64', '-q', '--json'];
  const script = 'printf "%s|%s|%s|%s|%s\\n" "$A" "$FROM_HERE" "${#S1}" "${#S2}" "$(pwd)"; echo "$S1"';
  const place = `${repo}@main:sub/app,depth=1`;
  const ended = await runDaypass(
    ['run', '--repo', place, ...args, ...more, '--', 'sh', '-c', script],
    env({ FROM_HERE: 'here', S1: 'a-secret-of-a-test' }),
  );
  const lines = ended.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, Record<string, unknown>>);
  expect(lines[0]?.['session']).toMatchObject({ metadata: { task: '42' }, repos: [{ ref: 'main', path: 'sub/app' }] });
  const texts = lines.flatMap(({ log }) => (log?.['stream'] === 'stdout' ? [log['text']] : []));
  expect(texts[0]).toBe('b=c|here|18|13|/workspace/sub/app');
  expect(texts[1]).not.toContain('a-secret-of-a-test');
  expect(lines.at(-1)?.['session']).toMatchObject({ status: 'succeeded', exitCode: 0 });

  const naked = await run('--secret', 'S1=visible-to-all', '--', 'true');
  expect(naked.exitCode).toBe(125);
  expect(naked.stderr).toContain('--secret S1=@FILE');
});

test('Ctrl-C stops the session, its end is waited for, and its token is revoked', async () => {
  const child = start('--', 'sh', '-c', 'trap "echo pushed; exit 3" TERM; echo up; while :; do sleep 0.1; done');
  const ended = untilEnded(child);
  await hears(child.stdout, 'up');
  child.kill('SIGINT');
  const { exitCode, stdout, stderr } = await ended;
  expect(exitCode).toBe(130);
  expect(stdout).toBe('up\npushed\n');
  expect(stderr).toContain('[daypass] Stopping ses_');
  const session = await settled(stack, (await newest()).id);
  expect(session).toMatchObject({ status: 'stopped', token: { state: 'revoked' } });
});

test('SIGTERM to npx stops it, although npx passes that on to its shell alone', async () => {
  const program = join(import.meta.dirname, '../../../src/cli/daypass.mjs');
  // As npx starts it: by a shell that waits for it.
  const line = `"$0" "$1" run --repo ${repo} -q -- sh -c 'echo GO; sleep 100'; exit $?`;
  const npx = spawn('sh', ['-c', line, process.execPath, program], {
    env: { ...process.env, ...env(), npm_command: 'exec' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await hears(npx.stdout, 'GO');
  const { id } = await newest();
  npx.kill('SIGTERM');
  expect(await settled(stack, id)).toMatchObject({ status: 'stopped', token: { state: 'revoked' } });
});

test('SIGTERM stops it likewise, and a second one revokes the token and leaves at once', async () => {
  const child = start('--grace', '5m', '--', 'sh', '-c', 'trap "" TERM; echo up; while :; do sleep 0.1; done');
  const ended = untilEnded(child);
  await hears(child.stdout, 'up');
  child.kill('SIGTERM');
  await hears(child.stderr, 'Stopping');
  // Within a second it would be the same signal, passed on.
  await sleep(1_100);
  child.kill('SIGTERM');
  expect((await ended).exitCode).toBe(143);
  const session = await settled(stack, (await newest()).id);
  expect(session).toMatchObject({ status: 'stopped', token: { state: 'revoked' } });
});

test('a session that somebody else stops, or whose time is over, has an exit code of its own', async () => {
  const child = start('--', 'sh', '-c', 'echo up; sleep 60');
  const ended = untilEnded(child);
  await hears(child.stdout, 'up');
  const { id } = await newest();
  expect((await runDaypass(['stop', id.slice(0, 12)], env())).stdout).toBe(`${id} is being stopped\n`);
  expect(await ended).toMatchObject({ exitCode: 143, stderr: expect.stringContaining('It was stopped') });
  const late = await run('--timeout', '2s', '--', 'sleep', '60');
  expect(late).toMatchObject({ exitCode: 124, stderr: expect.stringContaining('--timeout') });
});

test('what Daypass could not run has its code, its message and what to do, and exits with 125 or 127', async () => {
  const noRepo = await runDaypass(['run', '--repo', '00000000-0000-4000-8000-000000000000', '--', 'true'], env());
  expect(noRepo.exitCode).toBe(125);
  expect(noRepo.stderr).toMatch(/repo_not_found \(at mint\): .*\n.*See that the repo host/);
  const noRef = await runDaypass(['run', '--repo', `${repo}@nowhere`, '--', 'true'], env());
  expect(noRef).toMatchObject({ exitCode: 125, stderr: expect.stringContaining('ref_not_found') });
  const noCommand = await run('--', 'no-such-program');
  expect(noCommand).toMatchObject({ exitCode: 127, stderr: expect.stringContaining('command_not_found') });
  const refused = await run('--cpus', '900', '--env', 'GIT_DIR=x', '--', 'true');
  expect(refused.exitCode).toBe(125);
  expect(refused.stderr).toMatch(/422 invalid_request.*\n {2}.*GIT_DIR/);
});

test('no line is lost or doubled when the API is killed and started again meanwhile', async () => {
  const script = 'i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo line $i; sleep 0.1; done; exit 5';
  const child = start('--', 'sh', '-c', script);
  const ended = untilEnded(child);
  await hears(child.stdout, 'line 10');
  await stack.stop('api', 'SIGKILL');
  await sleep(1_500);
  await stack.start('api');
  const { exitCode, stdout, stderr } = await ended;
  expect(stdout).toBe(Array.from({ length: 60 }, (_, index) => `line ${index + 1}\n`).join(''));
  expect(stderr).toContain('does not answer; the session goes on');
  expect(exitCode).toBe(5);
});

test('ten megabytes reach a slow reader whole, and are not taken in before there is room for them', async () => {
  const child = start('-q', '--', 'sh', '-c', 'seq -f "%099.0f" 1 100000');
  await once(child.stdout, 'readable');
  const takenIn = async (): Promise<number> =>
    Number(/rchar: (\d+)/.exec(await readFile(`/proc/${child.pid}/io`, 'utf8'))?.[1]);
  // What it reads of its own program is in there too.
  const before = await takenIn();
  const id = (await newest()).id;
  await until(stack, id, ({ status }) => status === 'succeeded');
  expect((await takenIn()) - before).toBeLessThan(4_000_000);
  let bytes = 0;
  let last = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    last = `${last}${chunk.toString()}`.slice(-100);
  }
  expect(bytes).toBe(10_000_000);
  expect(Number(last)).toBe(100_000);
});

test('when nobody reads any more, as behind head, the session is stopped', async () => {
  const child = start('-q', '--', 'sh', '-c', 'while :; do echo again; sleep 0.05; done');
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [exitCode] = (await once(child, 'exit')) as [number];
  expect(exitCode).toBe(141);
  expect(await settled(stack, (await newest()).id)).toMatchObject({ status: 'stopped' });
});

test('a detached session goes on by itself, and its id is all that is printed', async () => {
  const { stdout, exitCode } = await run('--detach', '--', 'sh', '-c', 'echo out; echo err >&2; sleep 1; echo end');
  expect(exitCode).toBe(0);
  const id = stdout.trim();
  expect(id).toMatch(/^ses_[\w-]{21}$/);
  const followed = await runDaypass(['logs', '-f', id.slice(4, 14)], env());
  expect(followed).toEqual({
    exitCode: 0,
    stdout: 'out\nend\n',
    stderr: expect.stringMatching(/^(\[daypass\] .*\n)+err\n$/),
  });
  const shown = await runDaypass(['show', id], env());
  expect(shown.stdout).toMatch(/^status +succeeded$/m);
  expect((await getSession(stack, id)).exitCode).toBe(0);
  const all = (await runDaypass(['logs', id, '--json'], env())).stdout.trim().split('\n');
  const rest = await runDaypass(['logs', id, '--after', `${all.length - 1}`, '--json'], env());
  expect(JSON.parse(rest.stdout)).toMatchObject({ id: `${all.length}`, stream: 'stdout', text: 'end' });
});

test('the same idempotency key starts one session only', async () => {
  const args = ['--detach', '--idempotency-key', 'one-of-a-test', '--', 'true'];
  expect((await run(...args)).stdout).toBe((await run(...args)).stdout);
});

test('nothing is left of all that', async () => {
  const { data } = (await (await stack.call('GET', '/v1/sessions?limit=200')).json()) as { data: WireSession[] };
  for (const { id } of data) await until(stack, id, ({ endedAt }) => endedAt !== null);
  expect(await nothingLeft(stack)).toEqual([]);
});
