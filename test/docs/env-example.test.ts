import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ROLE_SETTINGS } from '../../src/cli/up/installation/role-settings.ts';
import {
  loadApiConfig,
  loadGatewayConfig,
  loadGitHostConfig,
  loadMinterConfig,
  loadWorkerConfig,
} from '../../src/config.ts';
import { SettingsError, type Environment } from '../../src/settings.ts';

const LOADERS = {
  api: loadApiConfig,
  gateway: loadGatewayConfig,
  'git-host': loadGitHostConfig,
  minter: loadMinterConfig,
  worker: loadWorkerConfig,
};

/** The settings that a loader asks for. */
function namesRead(load: (env: Environment) => unknown): string[] {
  const names = new Set<string>();
  const env = new Proxy<Environment>({}, { get: (_, name) => void names.add(String(name)) });
  try {
    load(env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
  }
  return [...names].toSorted();
}

describe('the settings', () => {
  it('are all in .env.example, and nothing else is', async () => {
    const text = await readFile(new URL('../../.env.example', import.meta.url), 'utf8');
    const listed = [...text.matchAll(/^#?([A-Z_]+)=/gm)].map(([, name]) => name);
    const read = new Set(Object.values(LOADERS).flatMap(namesRead));
    expect(listed.toSorted()).toEqual([...read].toSorted());
  });

  it.each(Object.entries(LOADERS))('that %s reads are the ones it is given by npm start', (role, load) => {
    expect(namesRead(load)).toEqual([...(ROLE_SETTINGS[role as keyof typeof LOADERS] ?? [])].toSorted());
  });

  it('that are wrong are reported all at once, and without their values', () => {
    const wrong = { DAYPASS_RELACE_API_KEY: 'short', DAYPASS_SEAL_KEYS: 'k1:c2hvcnQ=', DAYPASS_REDIS_URL: 'http://x' };
    expect(() => loadMinterConfig(wrong)).toThrow(
      /DAYPASS_REDIS_URL must be[^]*DAYPASS_RELACE_API_KEY must have[^]*DAYPASS_SEAL_KEYS must be/,
    );
    expect(() => loadMinterConfig(wrong)).not.toThrow(/c2hvcnQ/);
    expect(() => loadMinterConfig({})).toThrow(/DAYPASS_SEAL_KEYS is not set, but is needed/);
  });
});
