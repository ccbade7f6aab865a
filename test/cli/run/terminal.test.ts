import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { createRepo } from '../../scenarios/session.ts';
import { startStack } from '../../support/stack.ts';

const MAIN = join(import.meta.dirname, '../../../src/cli/up/main.ts');
const ON_TERMINAL = join(import.meta.dirname, '../support/on-terminal.py');
const CLEAR_LINE = '\r\u001b[K';
const ESC = '\u001b';
const COLOUR = new RegExp(`${ESC}\\[[\\d;]*m`, 'g');
const HOSTILE = [
  String.raw`\033[32mgreen\033[0m plain\n`,
  String.raw`\033]52;c;cm0gLXJmIC8=\007clipboard\n`,
  String.raw`\033]0;root@bank\007title\n`,
  String.raw`harmless\033[2K\033[1A\033[1Gcursor\n`,
  String.raw`\302\2332Jc1\n`,
].join('');

/** What `daypass ARGS` leaves on a terminal. */
async function onTerminal(
  args: string[],
  env: Record<string, string>,
): Promise<{ exitCode: number | null; shown: string }> {
  const child = spawn('python3', [ON_TERMINAL, process.execPath, MAIN, 'cli', ...args], {
    env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm-256color', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [shown] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return { exitCode: child.exitCode, shown };
}

test('what an agent prints cannot harm a terminal, keeps its colours there, and is left as it is in a pipe', async () => {
  await using stack = await startStack({ DAYPASS_WORKER_CONCURRENCY: '1' });
  const repo = await createRepo(stack);
  const env = { DAYPASS_API_URL: stack.apiUrl, DAYPASS_API_KEY: 'dp_obviously_fake_key_of_a_test' };
  const args = ['run', '--repo', repo, '--', 'sh', '-c', `printf '${HOSTILE}'; exit 4`];

  const { exitCode, shown } = await onTerminal(args, env);
  expect(exitCode).toBe(4);
  expect(shown).toContain('\u001b[32mgreen\u001b[0m plain\r\n');
  expect(shown).toContain('harmlesscursor\r\n');
  expect(shown).toMatch(/\nclipboard\r\ntitle\r\n/);
  // A line of progress is cleared by `\r\x1b[K`; nothing else but colours is left.
  const rest = shown.replaceAll(CLEAR_LINE, '').replaceAll(COLOUR, '').replaceAll('\r\n', '\n');
  expect(rest).not.toMatch(/[^\P{Cc}\n]/u);

  const plain = await onTerminal([...args.slice(0, 3), '-q', ...args.slice(3)], { ...env, NO_COLOR: '1' });
  expect(plain.shown).toContain('green plain\r\n');

  const { data } = (await (await stack.call('GET', '/v1/sessions?limit=1')).json()) as { data: { id: string }[] };
  const piped = spawn(process.execPath, [MAIN, 'cli', 'logs', data[0]?.id ?? ''], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  expect(await text(piped.stdout)).toContain('\u001b]52;c;cm0gLXJmIC8=\u0007clipboard\n');
});

test('a person sees what a session waits for', async () => {
  await using stack = await startStack({ DAYPASS_WORKER_CONCURRENCY: '1' });
  const repo = await createRepo(stack);
  const env = { DAYPASS_API_URL: stack.apiUrl, DAYPASS_API_KEY: 'dp_obviously_fake_key_of_a_test' };
  await stack.call('POST', '/v1/sessions', { repos: [{ id: repo }], command: ['sleep', '3'] });
  const { exitCode, shown } = await onTerminal(['run', '--repo', repo, '--', 'echo', 'at last'], env);
  expect(exitCode).toBe(0);
  expect(shown).toMatch(/… queued, (next in line|\d before it)/);
  expect(shown.split(CLEAR_LINE).at(-1)).toMatch(/at last\r\n$/);
});
