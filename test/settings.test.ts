import { expect, it } from 'vitest';
import { loadMinterConfig } from '../src/config.ts';

it('settings that are wrong are reported all at once, and without their values', () => {
  const wrong = { DAYPASS_RELACE_API_KEY: 'short', DAYPASS_SEAL_KEYS: 'k1:c2hvcnQ=', DAYPASS_REDIS_URL: 'http://x' };
  expect(() => loadMinterConfig(wrong)).toThrow(
    /DAYPASS_REDIS_URL must be[^]*DAYPASS_RELACE_API_KEY must have[^]*DAYPASS_SEAL_KEYS must be/,
  );
  expect(() => loadMinterConfig(wrong)).not.toThrow(/c2hvcnQ/);
  expect(() => loadMinterConfig({})).toThrow(/DAYPASS_SEAL_KEYS is not set, but is needed/);
});
