import { z } from 'zod';
import { boundedFetch } from '../../ops/bounded-fetch.ts';
import type { Secret } from '../../token/secret.ts';
import type { ProviderToken } from '../facts.ts';

const TIMEOUT_MS = 10_000;
/** Some 400,000 tokens. */
const fetchAnswer = boundedFetch({ who: 'The repo host', maxBytes: 64 * 1024 ** 2 });
const answer = z.object({ items: z.array(z.object({ name: z.string(), fingerprint: z.string() })) });

/**
 * The live tokens of the account, without their values. null where the repo host has no such list (404, 405): the hosted
 * service. Throws when it does not answer or refuses the key. `baseUrl` with /v1.
 */
export async function readProviderTokens(baseUrl: string, apiKey: Secret): Promise<ProviderToken[] | null> {
  const response = await fetchAnswer(`${baseUrl.replace(/\/+$/, '')}/repo_token`, {
    headers: { authorization: `Bearer ${apiKey.reveal()}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status === 404 || response.status === 405) return null;
  if (!response.ok) throw new Error(`The repo host answered ${response.status} when asked for its tokens`);
  return answer.parse(await response.json()).items;
}
