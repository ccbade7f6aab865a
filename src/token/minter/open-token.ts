import type { TokenRecord } from '../record.ts';
import type { Secret } from '../secret.ts';
import type { MinterDeps } from './deps.ts';

/**
 * The value of a token, from its line or, where that cannot be opened, from the spool: a Redis that comes back as an older
 * copy has lines under a key that was dropped since, and the spool has been sealed anew. Throws, naming the key that is
 * missing, when neither can be opened.
 */
export async function openToken(
  { keyRing, spool }: Pick<MinterDeps, 'keyRing' | 'spool'>,
  { id, sealed }: Pick<TokenRecord, 'id' | 'sealed'>,
): Promise<Secret> {
  try {
    return keyRing.open(sealed ?? '', id);
  } catch (error) {
    const spooled = await spool.get(id);
    if (spooled === null) throw error;
    return keyRing.open(spooled.sealed, id);
  }
}
