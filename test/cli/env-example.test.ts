import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import {
  loadApiConfig,
  loadCliConfig,
  loadGatewayConfig,
  loadGitHostConfig,
  loadMinterConfig,
  loadWardenConfig,
  loadWorkerConfig,
} from '../../src/config.ts';
import { fileSettingOf } from '../../src/secret-files.ts';
import { namesReadBy } from './support/names-read-by.ts';

const LOADERS = [
  loadApiConfig,
  loadCliConfig,
  loadGatewayConfig,
  loadGitHostConfig,
  loadMinterConfig,
  loadWardenConfig,
  loadWorkerConfig,
];
const NEEDED = {
  DAYPASS_REDIS_URL: '/redis.sock',
  DAYPASS_API_KEYS: 'test:obviously-fake-key',
  DAYPASS_RELACE_API_KEY: 'obviously-fake-key',
  DAYPASS_SEAL_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
  DAYPASS_GIT_HOST_KEYS: 'obviously-fake-key',
  DAYPASS_RUN_DIR: '/run/daypass',
};

async function exampleLines(): Promise<{ name: string; value: string; isDefault: boolean }[]> {
  const text = await readFile(new URL('../../.env.example', import.meta.url), 'utf8');
  return text.split('\n').flatMap((line) => {
    const [, hash, name, value] = /^(#?)([A-Z][A-Z_]+)=(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [{ name, value, isDefault: hash === '#' }];
  });
}

test('.env.example lists every setting of every process once, and no other', async () => {
  const read = new Set(LOADERS.flatMap(namesReadBy));
  const listed = (await exampleLines()).map(({ name }) => name);
  expect(listed).toHaveLength(new Set(listed).size);
  const withFiles = new Set(listed.flatMap((name) => [name, fileSettingOf(name) ?? []].flat()));
  expect([...withFiles].toSorted()).toEqual([...read].toSorted());
});

test('.env.example names every secret setting that may be given as a file', async () => {
  const text = await readFile(new URL('../../.env.example', import.meta.url), 'utf8');
  const sentence = /The secret ones \(([^)]*)\)/.exec(text)?.[1] ?? '';
  const secret = LOADERS.flatMap(namesReadBy).filter((name) => fileSettingOf(name) !== null);
  expect(sentence.match(/DAYPASS_\w+/g)?.toSorted()).toEqual([...new Set(secret)].toSorted());
});

test('setting every default that .env.example shows changes nothing', async () => {
  const defaults = Object.fromEntries(
    (await exampleLines()).filter(({ isDefault }) => isDefault).map(({ name, value }) => [name, value]),
  );
  for (const load of LOADERS) expect(load({ ...defaults, ...NEEDED })).toEqual(load(NEEDED));
});

test('what .env.example leaves empty is needed or has a default that depends on the host', async () => {
  const empty = (await exampleLines()).filter(({ isDefault }) => !isDefault);
  expect(empty.every(({ value }) => value === '')).toBe(true);
  expect(loadWorkerConfig(NEEDED).workerName).toBe(hostname());
});
