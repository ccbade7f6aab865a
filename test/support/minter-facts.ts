import { randomBytes } from 'node:crypto';
import { publishMinterFacts, type MinterFacts } from '../../src/store/minter-facts.ts';
import { connectRedis, redisReady } from '../../src/store/redis.ts';
import { requestPublicKey } from '../../src/token/request-secrets.ts';
import { Secret } from '../../src/token/secret.ts';

/** Publishes what a minter would, with a key of its own, and gives that key so that a test can open what was sealed. */
export async function pretendMinter(redisUrl: string, facts: Partial<MinterFacts> = {}) {
  const key = { id: 'k1', key: new Secret(randomBytes(32).toString('base64')) };
  const redis = connectRedis(redisUrl);
  try {
    await redisReady(redis, 5_000);
    const publicKey = await requestPublicKey(key);
    await publishMinterFacts(redis, {
      provider: 'relace',
      canRestrictAccess: false,
      publicKey,
      keyId: key.id,
      ...facts,
    });
  } finally {
    redis.disconnect();
  }
  return key;
}
