import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  checkSettings,
  redisSocketOf,
  startSettings,
  urlOf,
  withRepoHost,
} from '../../../../src/cli/up/installation/settings.ts';

import type { Environment } from '../../../../src/settings.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const dir = await temporaryDirectory();
afterAll(() => dir[Symbol.asyncDispose]());
/** A start has made them by then. */
const ring = `k1:${randomBytes(32).toString('base64')}\n`;
writeFileSync(join(dir.path, 'seal-keys'), ring, { mode: 0o600 });

const secrets = {
  installation: 'up-00000000',
  apiKey: 'dp_obviously_fake_key',
  gitHostKey: 'obviously-fake-account-key',
};
const settingsFor = (env: Record<string, string>) =>
  withRepoHost(startSettings({ env, dataDir: dir.path, secrets, uid: 0 }), 'http://127.0.0.1:7080/v1');

function refusalOf(settings: Environment): string {
  try {
    checkSettings(settings);
    return 'not refused';
  } catch (error) {
    return String(error);
  }
}

test('without any setting all roles work together on this machine', () => {
  const { api, gitHost, minter, gateway, worker } = checkSettings(settingsFor({}));
  expect(api).toMatchObject({ redisUrl: redisSocketOf(dir.path), listen: { host: '127.0.0.1', port: 7070 } });
  expect(gitHost.listen).toEqual({ host: '127.0.0.1', port: 7080 });
  expect(minter.relace).toMatchObject({ baseUrl: 'http://127.0.0.1:7080/v1', canRestrictAccess: true });
  expect(minter.relace.apiKey.reveal()).toBe(secrets.gitHostKey);
  expect(gateway.repoOrigin).toBe('http://127.0.0.1:7080');
  expect(worker).toMatchObject({ installation: 'up-00000000', runDir: '/run/daypass/up-00000000' });
});

test('what the user sets goes before what is made, and what is set but empty counts as not set', () => {
  const settings = settingsFor({ DAYPASS_API_LISTEN: '0.0.0.0:9000', DAYPASS_API_KEYS: '', DAYPASS_MAX_CPUS: '2' });
  const { api } = checkSettings(settings);
  expect(api).toMatchObject({ listen: { host: '0.0.0.0', port: 9000 }, limits: { cpus: 2 } });
  expect(api.keys[0]?.key.reveal()).toBe(secrets.apiKey);
  expect(urlOf(api.listen)).toBe('http://127.0.0.1:9000');
});

test('a key of the hosted service makes that the repo host, at its own address and with its own abilities', () => {
  const { minter, gateway } = checkSettings(settingsFor({ DAYPASS_RELACE_API_KEY: 'obviously-fake-hosted-key' }));
  expect(minter.relace).toMatchObject({ baseUrl: 'https://api.relace.run/v1', canRestrictAccess: false });
  expect(gateway.repoOrigin).toBe('https://api.relace.run');
});

test('what the user gives as a file is not made besides, and a git host in use takes its key from there', () => {
  const keys = join(dir.path, 'keys');
  writeFileSync(keys, 'obviously-fake-key-of-the-user\n', { mode: 0o600 });
  const settings = settingsFor({ DAYPASS_GIT_HOST_KEYS_FILE: keys });
  const { gitHost, minter } = checkSettings(settings);
  expect(settings).not.toHaveProperty('DAYPASS_GIT_HOST_KEYS');
  expect(gitHost.accountKeys[0]?.reveal()).toBe('obviously-fake-key-of-the-user');
  expect(minter.relace.apiKey.reveal()).toBe('obviously-fake-key-of-the-user');
});

test('all that is wrong with any role is told at once, each thing once', () => {
  const wrong = settingsFor({ DAYPASS_API_LISTEN: 'here', DAYPASS_SEAL_KEYS: 'short', DAYPASS_LOG_LEVEL: 'loud' });
  const said = refusalOf(wrong);
  expect(said).toMatch(/DAYPASS_API_LISTEN must be HOST:PORT[^]*DAYPASS_SEAL_KEYS must be ID:KEY/);
  expect(said.match(/DAYPASS_LOG_LEVEL/g)).toHaveLength(1);
});

test('a data directory below which no socket can lie is refused', () => {
  const settings = startSettings({ env: {}, dataDir: `/${'d'.repeat(100)}`, secrets, uid: 0 });
  expect(() => checkSettings(withRepoHost(settings, 'http://127.0.0.1:1/v1'))).toThrow('DAYPASS_DATA_DIR is too long');
});
