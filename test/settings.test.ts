import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadApiConfig, loadGitHostConfig, loadMinterConfig, loadWorkerConfig } from '../src/config.ts';

it('settings that are wrong are reported all at once, and without their values', () => {
  const wrong = { DAYPASS_RELACE_API_KEY: 'short', DAYPASS_SEAL_KEYS: 'k1:c2hvcnQ=', DAYPASS_REDIS_URL: 'http://x' };
  expect(() => loadMinterConfig(wrong)).toThrow(
    /DAYPASS_REDIS_URL must be[^]*DAYPASS_RELACE_API_KEY must have[^]*DAYPASS_SEAL_KEYS must be/,
  );
  expect(() => loadMinterConfig(wrong)).not.toThrow(/c2hvcnQ/);
  expect(() => loadMinterConfig({})).toThrow(/DAYPASS_SEAL_KEYS is not set, but is needed/);
});

it('a token must outlive its session at least by the grace after the deadline', () => {
  expect(() => loadWorkerConfig({ DAYPASS_TOKEN_GRACE_SECONDS: '9' })).toThrow(
    /DAYPASS_TOKEN_GRACE_SECONDS must be at least 10, the grace/,
  );
});

describe('a secret setting in a file', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dps-'));
  });
  afterEach(async () => rm(dir, { recursive: true, force: true }));

  const fileOf = async (name: string, content: string, mode = 0o600): Promise<string> => {
    const file = join(dir, name);
    await writeFile(file, content);
    await chmod(file, mode);
    return file;
  };

  it('is read from there, without the newline at its end', async () => {
    const DAYPASS_GIT_HOST_KEYS_FILE = await fileOf('keys', 'first-of-two-keys,second-of-two-keys\n', 0o640);
    const { accountKeys } = loadGitHostConfig({ DAYPASS_GIT_HOST_KEYS_FILE });
    expect(accountKeys.map((key) => key.reveal())).toEqual(['first-of-two-keys', 'second-of-two-keys']);
    const DAYPASS_REDIS_URL_FILE = await fileOf('redis', 'redis://:obviously-fake@redis:6379\r\n');
    const DAYPASS_API_KEYS = 'test:obviously-fake-key';
    expect(loadApiConfig({ DAYPASS_REDIS_URL_FILE, DAYPASS_API_KEYS }).redisUrl).toBe(
      'redis://:obviously-fake@redis:6379',
    );
  });

  it('is refused with all else that is wrong: missing, empty, open to everybody, or set in both ways', async () => {
    const key = 'obviously-fake-key-in-a-file';
    const open = await fileOf('open', key, 0o644);
    const wrong = {
      DAYPASS_REDIS_URL_FILE: join(dir, 'missing'),
      DAYPASS_RELACE_API_KEY_FILE: open,
      DAYPASS_RELACE_API_KEY: '',
      DAYPASS_RELACE_READ_TOKENS: 'perhaps',
      DAYPASS_SEAL_KEYS: key,
      DAYPASS_SEAL_KEYS_FILE: open,
    };
    expect(() => loadMinterConfig(wrong)).toThrow(/^These settings are wrong, so nothing was started:(\n[^\n]+){4}$/);
    expect(() => loadMinterConfig(wrong)).toThrow(
      `DAYPASS_REDIS_URL_FILE is ${dir}/missing, which cannot be read: ENOENT`,
    );
    expect(() => loadMinterConfig(wrong)).toThrow(
      `DAYPASS_RELACE_API_KEY_FILE is ${open}, which every user of this machine may read; run: chmod o-r ${open}`,
    );
    expect(() => loadMinterConfig(wrong)).toThrow(
      'DAYPASS_SEAL_KEYS must not be set together with DAYPASS_SEAL_KEYS_FILE',
    );
    expect(() => loadMinterConfig(wrong)).not.toThrow(key);
    const DAYPASS_GIT_HOST_KEYS_FILE = await fileOf('empty', '\n');
    expect(() => loadGitHostConfig({ DAYPASS_GIT_HOST_KEYS_FILE })).toThrow(
      `DAYPASS_GIT_HOST_KEYS_FILE is ${dir}/empty, which is empty`,
    );
  });

  it('is held to the same rules as one of the environment', async () => {
    const DAYPASS_SEAL_KEYS_FILE = await fileOf('seal-keys', 'k1:c2hvcnQ=\n');
    expect(() => loadMinterConfig({ DAYPASS_SEAL_KEYS_FILE })).toThrow(/DAYPASS_SEAL_KEYS_FILE must be ID:KEY pairs/);
  });
});
