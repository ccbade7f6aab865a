import type { TokenRecord } from '../record.ts';
import { keyIdOf } from '../sealing.ts';
import type { Secret } from '../secret.ts';
import type { MinterDeps } from './deps.ts';

/**
 * The value of a token, from its line or, where the ring lacks the line's key, from the spool: a Redis that comes back as
 * an older copy has lines under a key that was dropped since, and the spool has been sealed anew. Throws, naming the key
 * that is missing, when neither can be opened.
 */
export async function openToken(
  { keyRing, spool }: Pick<MinterDeps, 'keyRing' | 'spool'>,
  { id, sealed }: Pick<TokenRecord, 'id' | 'sealed'>,
): Promise<Secret> {
  const isUsable = sealed !== null && keyRing.has(keyIdOf(sealed));
  const spooled = isUsable ? null : await spool.get(id);
  return keyRing.open(spooled?.sealed ?? sealed ?? '', id);
}
