import type { Secret } from '../../token/secret.ts';
import type { Check } from './check.ts';

const TIMEOUT_MS = 10_000;

/** Whether the repo host answers and takes our key. `baseUrl` with /v1. */
export function providerCheck({ baseUrl, apiKey }: { baseUrl: string; apiKey: Secret }): Check {
  return {
    name: 'repo host',
    look: async () => {
      const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/repo?page_size=1`, {
        headers: { authorization: `Bearer ${apiKey.reveal()}` },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }).catch((error: unknown) => {
        throw new Error(`${baseUrl} does not answer`, { cause: error });
      });
      if (response.status === 401 || response.status === 403) throw new Error(`${baseUrl} refuses the key`);
      if (!response.ok) throw new Error(`${baseUrl} answered ${response.status}`);
      return `${baseUrl} takes the key`;
    },
    mend: 'Set DAYPASS_RELACE_BASE_URL (with /v1) and a valid DAYPASS_RELACE_API_KEY.',
  };
}
