import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shippedTools } from '../support/init-client.ts';

let tools: Awaited<ReturnType<typeof shippedTools>>;
beforeAll(async () => {
  tools = await shippedTools();
}, 120_000);
afterAll(() => tools[Symbol.asyncDispose]());

const ENV = { REPO_TOKEN: 'rlcr-1', DAYPASS_REPO_ORIGIN: 'http://127.0.0.1:7080' };

function ask(operation: string, request: string, env: Record<string, string> = ENV): string {
  const helper = join(tools.directory, 'bin/git-credential-daypass');
  return execFileSync(helper, [operation], { input: request, env, encoding: 'utf8' });
}

test('git’s credential helper gives the token to the repo host', () => {
  const request = 'protocol=http\nhost=127.0.0.1:7080\nwwwauth[]=Basic realm="x"\n\n';
  expect(ask('get', request)).toBe('username=token\npassword=rlcr-1\n');
});

test.each([
  { what: 'another host', request: 'protocol=http\nhost=127.0.0.1:7081\n' },
  { what: 'another protocol', request: 'protocol=https\nhost=127.0.0.1:7080\n' },
  { what: 'a longer host', request: 'protocol=http\nhost=127.0.0.1:7080.evil.example\n' },
  { what: 'a host of many bytes', request: `protocol=http\nhost=127.0.0.1:7080${'x'.repeat(10_000)}\n` },
  {
    what: 'a path that hides another host behind its length',
    request: `protocol=http\nhost=evil.example\npath=${'x'.repeat(4090)}host=127.0.0.1:7080\n`,
  },
  { what: 'no host', request: '\n' },
])('git’s credential helper gives nothing to $what', ({ request }) => {
  expect(ask('get', request)).toBe('');
});

test('git’s credential helper gives nothing without a token or a repo host, and keeps nothing', () => {
  const request = 'protocol=http\nhost=127.0.0.1:7080\n\n';
  expect(ask('get', request, { DAYPASS_REPO_ORIGIN: ENV.DAYPASS_REPO_ORIGIN })).toBe('');
  expect(ask('get', request, { REPO_TOKEN: 'rlcr-1' })).toBe('');
  expect(ask('store', `${request}password=p\n`)).toBe('');
  expect(ask('erase', request)).toBe('');
});
