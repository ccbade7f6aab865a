import { createdApiKeySchema } from '../../src/api/schemas/api-key.ts';
import { readApiKey } from '../../src/store/api-keys.ts';
import { keys } from '../../src/store/keys.ts';
import type { ApiRig } from './api-rig.ts';

/** An API key, made by the API itself: its id, and its value. Throws with the API's answer where it is none. */
export async function makeKey(
  { call }: Pick<ApiRig, 'call'>,
  over: Record<string, unknown> = {},
): Promise<{ id: string; key: string }> {
  const { status, body } = await call('POST', '/v1/api-keys', {
    body: { name: 'of a test', scopes: ['start'], ...over },
  });
  if (status !== 201) throw new Error(`The API made no key and answered ${status}: ${JSON.stringify(body)}`);
  return createdApiKeySchema.parse(body);
}

/**
 * Ends a key's time now. The API makes no key that is over already, and a key that ends soon may end before a test has come to
 * what it is for.
 */
export async function expireKey({ redis }: Pick<ApiRig, 'redis'>, id: string): Promise<void> {
  const key = await readApiKey(redis, id);
  if (key === null) throw new Error(`There is no API key ${id}`);
  await redis.set(keys.apiKey(id), JSON.stringify({ ...key, expiresAt: new Date(Date.now() - 1).toISOString() }));
}
