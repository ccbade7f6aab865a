import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRecipes } from '../agents/recipes.ts';
import { createRepo } from '../scenarios/session.ts';
import { ACCOUNT_KEY, API_KEY, nothingLeft, startStack, type Stack } from '../support/stack.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const readme = await readFile(join(ROOT, 'README.md'), 'utf8');

let stack: Stack;
/** A checkout as far as the README's first requests go: what `npm start` writes, and the packages. */
let checkout: string;
beforeAll(async () => {
  stack = await startStack();
  checkout = await mkdtemp(join(tmpdir(), 'dp-readme-'));
  await mkdir(join(checkout, 'data'));
  const { apiUrl, gitHostUrl } = stack;
  const facts = { apiUrl, apiKey: API_KEY, gitHostUrl, gitHostApiKey: ACCOUNT_KEY, pid: process.pid };
  await writeFile(join(checkout, 'data', 'start.json'), JSON.stringify(facts));
  await symlink(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
});
afterAll(async () => {
  await rm(checkout, { recursive: true, force: true });
  await stack[Symbol.asyncDispose]();
});

test('the requests by curl give a log and a receipt, and leave nothing', async () => {
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', block('curl')], { cwd: checkout });
  expect(stdout).toMatch(/^hello\n[0-9a-f]{7} /);
  expect(JSON.parse(stdout.slice(stdout.indexOf('{')))).toMatchObject({ sessionId: expect.stringMatching(/^ses_/) });
  await nothingLeft(stack);
});

test('the requests in TypeScript give a log and an end, and leave nothing', async () => {
  await writeFile(join(checkout, 'first.mts'), block('ts'));
  const { stdout } = await run(process.execPath, ['first.mts'], { cwd: checkout });
  expect(stdout).toBe("hello\nagain\n{ status: 'succeeded', exitCode: 0 }\n");
  await nothingLeft(stack);
});

test('the command prints the log and nothing else, and leaves nothing', async () => {
  const REPO = await createRepo(stack, { 'hello.txt': 'hello\n' });
  // What npx finds in a checkout, once it has seen to the packages.
  const program = `'${process.execPath}' '${join(ROOT, 'src/cli/up/main.ts')}' cli`;
  const script = block('cli').replace('npx daypass', program);
  const env = { ...process.env, REPO, DAYPASS_API_URL: stack.apiUrl, DAYPASS_API_KEY: API_KEY };
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], { cwd: checkout, env });
  expect(stdout).toMatch(/^[0-9a-f]{7} .*\nhello\n$/);
  await nothingLeft(stack);
});

test('the agent of the README is the one of docs/agents.md, which is run by a command of its own', async () => {
  const [first] = (await readRecipes()).filter(({ agent }) => agent === 'claude');
  const shown = /^## A real agent\n.*?^```json\n(.*?)^```/ms.exec(readme)?.[1] ?? '';
  expect(JSON.parse(shown)).toEqual(first?.request);
});

/** The block of code behind a mark of the README. Throws when there is none. */
function block(name: string): string {
  const [, after] = readme.split(`<!-- tested: ${name} -->\n`);
  const code = /^```\w+\n(.*?)^```/ms.exec(after ?? '')?.[1];
  if (code === undefined) throw new Error(`README.md has no block marked "tested: ${name}"`);
  return code;
}
