import { describe, expect, test } from 'vitest';
import { roleEnvironment, ROLES, settingsOf } from '../../../../src/cli/up/installation/role-settings.ts';
import {
  loadApiConfig,
  loadGatewayConfig,
  loadGitHostConfig,
  loadMinterConfig,
  loadWardenConfig,
  loadWorkerConfig,
} from '../../../../src/config.ts';
import { namesReadBy } from '../../support/names-read-by.ts';

describe('each role is given its own settings', () => {
  const loaders = [
    ['git-host', loadGitHostConfig],
    ['minter', loadMinterConfig],
    ['gateway', loadGatewayConfig],
    ['warden', loadWardenConfig],
    ['api', loadApiConfig],
    ['worker', loadWorkerConfig],
  ] as const;

  test.each(loaders)('%s gets exactly what it reads', (role, load) => {
    expect(settingsOf(role).toSorted()).toEqual(namesReadBy(load).toSorted());
  });

  const everything = Object.fromEntries(
    [...ROLES.flatMap(settingsOf), 'PATH', 'HOME', 'LANG', 'AWS_SECRET_ACCESS_KEY'].map((name) => [name, 'set']),
  );

  test('nobody but the minter holds the key of the repo host or the seal keys', () => {
    for (const role of ROLES.filter((name) => name !== 'minter')) {
      const env = roleEnvironment(role, everything);
      expect(env).not.toHaveProperty('DAYPASS_RELACE_API_KEY');
      expect(env).not.toHaveProperty('DAYPASS_SEAL_KEYS');
      expect(env).not.toHaveProperty('DAYPASS_SEAL_KEYS_FILE');
    }
    expect(roleEnvironment('minter', everything)).toHaveProperty('DAYPASS_RELACE_API_KEY');
  });

  test('the API is not told where the key lies that signs receipts', () => {
    const env = roleEnvironment('api', everything);
    expect(env).not.toHaveProperty('DAYPASS_DATA_DIR');
    expect(roleEnvironment('minter', everything)).toHaveProperty('DAYPASS_DATA_DIR');
  });

  test('only the warden is told where the engine is, and nothing else of the user reaches any role', () => {
    for (const role of ROLES) {
      const env = roleEnvironment(role, everything);
      expect('DOCKER_HOST' in env).toBe(role === 'warden');
      expect(env).not.toHaveProperty('AWS_SECRET_ACCESS_KEY');
    }
    expect(Object.keys(roleEnvironment('redis', everything))).toEqual(['PATH', 'HOME', 'LANG']);
  });

  test('a log level that would hide the ready line is raised to info', () => {
    expect(roleEnvironment('api', { DAYPASS_LOG_LEVEL: 'error' })).toEqual({ DAYPASS_LOG_LEVEL: 'info' });
    expect(roleEnvironment('api', { DAYPASS_LOG_LEVEL: 'debug' })).toEqual({ DAYPASS_LOG_LEVEL: 'debug' });
  });
});
