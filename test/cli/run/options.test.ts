import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repoIn } from '../../../src/cli/run/repo-option.ts';
import { graceIn, megabytesIn, secondsIn } from '../../../src/cli/run/spans.ts';
import { envIn, secretsIn } from '../../../src/cli/run/variables.ts';

const ID = '0b5c1a52-7f1e-4a35-9f0a-3f1f6d9f2f00';

test.each([
  [ID, { id: ID }],
  [`${ID}@main`, { id: ID, ref: 'main' }],
  [`${ID}:app`, { id: ID, path: 'app' }],
  [`${ID}@feature/a@b,c:sub/d,e:f`, { id: ID, ref: 'feature/a@b,c', path: 'sub/d,e:f' }],
  [`${ID}@v1.2:app,access=read,depth=1`, { id: ID, ref: 'v1.2', path: 'app', access: 'read', depth: 1 }],
  [`${ID},push`, { id: ID, push: {} }],
  [`${ID},push=a/*,push=b`, { id: ID, push: { branches: ['a/*', 'b'] } }],
])('a repo is written %s', (text, repo) => {
  expect(repoIn(text)).toEqual(repo);
});

test.each(['', '@main', `${ID}@`, `${ID},depth=all`, `${ID},acces=read`])('%j is no repo', (text) => {
  expect(() => repoIn(text)).toThrow(/--repo takes/);
});

test('a span is in seconds, or says its units', () => {
  expect(['90', '90s', '10m', '1h30m', '2d'].map((text) => secondsIn(text, '--timeout'))).toEqual([
    90, 90, 600, 5_400, 172_800,
  ]);
  for (const text of ['', '0', '10 m', 'soon', '-1', '1.5h'])
    expect(() => secondsIn(text, '--timeout')).toThrow('--timeout');
});

test('a size is in megabytes, or says its units', () => {
  expect(['512', '512m', '2g', '2GB'].map((text) => megabytesIn(text, '--memory'))).toEqual([512, 512, 2_048, 2_048]);
  for (const text of ['', '0', '1t', '1.5g']) expect(() => megabytesIn(text, '--memory')).toThrow('--memory');
});

test('a variable keeps what follows its first equals sign, and one without comes from here', () => {
  expect(envIn(['A=b=c', 'B=', 'C'], { C: 'here' })).toEqual({ A: 'b=c', B: '', C: 'here' });
  expect(() => envIn(['D'], {})).toThrow('no variable of this name');
});

test('a grace may be none', () => {
  expect(['0', '0s', '10s'].map(graceIn)).toEqual([0, 0, 10]);
});

test('a secret file is read without byte order mark and the line break at its end, and with all that is between', async () => {
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'daypass-secrets-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  const value = ' "a"\t$B `c`\r\n\u{1f511}\n\n ';
  for (const content of [value, `\ufeff${value}`, `${value}\n`, `\ufeff${value}\r\n`]) {
    await writeFile(join(dir, 'secret'), content);
    expect(await secretsIn([`K=@${join(dir, 'secret')}`], {})).toEqual({ K: value });
  }
});

test('a file that is longer than all secrets may be is not read to its end', async () => {
  await expect(secretsIn(['K=@/dev/zero'], {})).rejects.toThrow('--secret K: /dev/zero is longer than 1048576 bytes');
});

test('standard input is one secret and no more', async () => {
  await expect(secretsIn(['A=@-', 'B=@-'], {})).rejects.toThrow('Only one --secret');
});
