import type { SealKey } from './sealing.ts';
import { Secret } from './secret.ts';

const KEY_BYTES = 32;
const EXPECTED =
  'must be ID:KEY pairs separated by commas, each key 32 bytes in base64 (openssl rand -base64 32), no two with one id';

/**
 * The text of a key ring, `ID:BASE64,…`: AES-256 keys, the first writes, all of them read. Throws saying what it must be;
 * nothing of the text is in the message.
 */
export function parseSealKeys(text: string): SealKey[] {
  const items = text.split(',').map((item) => item.trim());
  const keys = items.filter((item) => item !== '').map(parseKey);
  if (keys.length === 0 || new Set(keys.map(({ id }) => id)).size < keys.length) throw new Error(EXPECTED);
  return keys;
}

export function formatSealKeys(keys: readonly SealKey[]): string {
  return keys.map(({ id, key }) => `${id}:${key.reveal()}`).join(',');
}

function parseKey(item: string): SealKey {
  const [id = '', encoded = ''] = item.split(/:(.*)/s);
  const isWhole = Buffer.from(encoded, 'base64').length === KEY_BYTES;
  if (!/^[\w.-]+$/.test(id) || !isWhole) throw new Error(EXPECTED);
  return { id, key: new Secret(encoded) };
}
