import { publishMinterFacts, readMinterFacts } from '../../store/minter-facts.ts';
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
   * after being killed in the middle. Throws when the new ring lacks a key that is needed all the same; then it is kept.
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
    usage: () => alone(() => keyUsage(deps, deps.keyRing.keys())),
    rotate: () =>
      alone(async () => {
        const wanted = await readSealKeys(source);
        // Until nothing needs them, the keys of before open what they sealed, whatever the new ring says of them.
        const dropped = deps.keyRing.keys().filter(({ id }) => !wanted.some((key) => key.id === id));
        deps.keyRing.use([...wanted, ...dropped]);
        // From here on the API seals for the new key; what it still seals for an old one the ring opens.
        await publishOwnFacts(deps);
        await resealAll(deps);
        const uses = await keyUsage(deps, wanted);
        requireKeys(uses);
        deps.keyRing.use(wanted);
        return uses;
      }),
  };
}

/**
 * Tells them again where they were told nothing, or of a key that cannot be opened any more: a Redis that was flushed has
 * forgotten the minter, and one that came back as an older copy names a key that was dropped since.
 */
export async function keepFactsPublished(deps: MinterDeps): Promise<void> {
  const facts = await readMinterFacts(deps.redis);
  if (facts === null || !deps.keyRing.has(facts.keyId)) await publishOwnFacts(deps);
}

/** Tells the other processes of the provider, and what to seal a request's secrets to. */
export async function publishOwnFacts({ redis, provider, keyRing }: MinterDeps): Promise<void> {
  const first = firstOf(keyRing.keys());
  const { name, canRestrictAccess } = provider;
  const publicKey = await requestPublicKey(first);
  await publishMinterFacts(redis, { provider: name, canRestrictAccess, publicKey, keyId: first.id });
}
