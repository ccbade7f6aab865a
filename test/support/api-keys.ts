import { createdApiKeySchema } from '../../src/api/schemas/api-key.ts';
import type { ApiRig } from './api-rig.ts';

/** An API key, made by the API itself: its id, and its value. */
export async function makeKey(
  { call }: Pick<ApiRig, 'call'>,
  over: Record<string, unknown> = {},
): Promise<{ id: string; key: string }> {
  const { body } = await call('POST', '/v1/api-keys', { body: { name: 'of a test', scopes: ['start'], ...over } });
  return createdApiKeySchema.parse(body);
}
