import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSpool } from '../../../src/token/minter/spool.ts';
import type { SpooledToken } from '../../../src/token/minter/spooled-token.ts';

const log = pino({ level: 'silent' });
const token: SpooledToken = {
  tokenId: 'tok_1',
  sessionId: 'ses_1',
  provider: 'relace',
  host: 'https://host.example.com',
  repoIds: ['r'],
  mintedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-01T01:00:00.000Z',
  fingerprint: 'abcdef012345',
  sealed: 'v1.k1.iv.body',
};

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'daypass-spool-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test('what a killed minter had written whole is kept as it is, and not written again', async () => {
  const temporary = join(dir, 'tok_1.json.tmp');
  await writeFile(temporary, JSON.stringify(token));
  const { ino } = await stat(temporary);
  const spool = await openSpool(dir, log);
  expect(await spool.all()).toEqual([token]);
  expect(await readdir(dir)).toEqual(['tok_1.json']);
  expect((await stat(join(dir, 'tok_1.json'))).ino).toBe(ino);
});

test.each([[''], ['{"tok'], [JSON.stringify(token).slice(0, -1)]])(
  'what it had begun to write, %j, holds no value and is removed',
  async (text) => {
    await writeFile(join(dir, 'tok_1.json.tmp'), text);
    await openSpool(dir, log);
    expect(await readdir(dir)).toEqual([]);
  },
);

test.each([['\0\0\0\0'], [JSON.stringify({ ...token, tokenId: 'tok_2' })], [JSON.stringify({ tokenId: 'tok_1' })]])(
  'what it had written and cannot be understood, %j, is set aside',
  async (text) => {
    await writeFile(join(dir, 'tok_1.json.tmp'), text);
    const spool = await openSpool(dir, log);
    expect(await spool.ids()).toEqual([]);
    expect(spool.damaged()).toBe(1);
    expect(await readFile(join(dir, 'tok_1.json.tmp.damaged'), 'utf8')).toBe(text);
  },
);

test('a file that is longer than any token is set aside unread', async () => {
  const file = await open(join(dir, 'tok_1.json'), 'w');
  await file.truncate(1024 ** 3);
  await file.close();
  const spool = await openSpool(dir, log);
  expect(await spool.get('tok_1')).toBeNull();
  expect(spool.damaged()).toBe(1);
  expect(await readdir(dir)).toEqual(['tok_1.json.damaged']);
});

test('of a token that cannot be put nothing is left', async () => {
  const spool = await openSpool(dir, log);
  // Its name is taken by something that no file replaces: what a full disk does, without filling one.
  await mkdir(join(dir, 'tok_1.json', 'x'), { recursive: true });
  await expect(spool.put(token)).rejects.toThrow('EISDIR');
  expect(await readdir(dir)).toEqual(['tok_1.json']);
});

test('a file from before hosts were written down is read', async () => {
  const { host: _, ...older } = token;
  await writeFile(join(dir, 'tok_1.json'), JSON.stringify(older));
  expect(await (await openSpool(dir, log)).get('tok_1')).toEqual({ ...token, host: null });
});
