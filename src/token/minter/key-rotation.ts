import { publishMinterFacts } from '../../store/minter-facts.ts';
import { requestPublicKey } from '../request-secrets.ts';
import { firstOf } from '../sealing.ts';
import type { MinterDeps } from './deps.ts';
import { keyUsage, requireKeys, type KeyUse } from './key-usage.ts';
import { resealAll } from './reseal.ts';
import { readSealKeys, type SealKeySource } from './seal-key-source.ts';

/** The key ring of a minter that runs. Calls run one after another. */
export interface KeyRotation {
  /** The file that the ring is read from; null: from the environment. */
  readonly file: string | null;
  usage(): Promise<KeyUse[]>;
  /**
   * Reads the ring again, seals everything with its first key, and gives what every key seals then. Safe to repeat, also
   * after being killed in the middle. Throws, and keeps the ring that it has, when the new one lacks a key that is needed.
   */
  rotate(): Promise<KeyUse[]>;
}

export function createKeyRotation(
  deps: MinterDeps,
  source: SealKeySource,
  alone: <T>(work: () => Promise<T>) => Promise<T>,
): KeyRotation {
  return {
    file: 'file' in source ? source.file : null,
    usage: () => alone(() => keyUsage(deps)),
    rotate: () =>
      alone(async () => {
        const keys = await readSealKeys(source);
        const before = deps.keyRing.keys();
        deps.keyRing.use(keys);
        try {
          requireKeys(await keyUsage(deps));
        } catch (error) {
          deps.keyRing.use(before);
          throw error;
        }
        // From here on the API seals for the new key; what it still seals for an old one the ring opens.
        await publishOwnFacts(deps);
        await resealAll(deps);
        return keyUsage(deps);
      }),
  };
}

/** Tells the other processes of the provider, and what to seal a request's secrets to. */
export async function publishOwnFacts({ redis, provider, keyRing }: MinterDeps): Promise<void> {
  const first = firstOf(keyRing.keys());
  const { name, canRestrictAccess } = provider;
  const publicKey = await requestPublicKey(first);
  await publishMinterFacts(redis, { provider: name, canRestrictAccess, publicKey, keyId: first.id });
}
