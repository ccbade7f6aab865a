import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Refusal } from '../errors.ts';
import type { ApiKey } from './deps.ts';

export type Authenticate = (authorization: string | undefined) => ApiKey;

/**
 * Checks `Authorization: Bearer KEY`. Keys are compared by their hashes and all of them each time, so that the time taken
 * says nothing of any. Throws `unauthorized`.
 */
export function createAuthenticate(keys: ApiKey[]): Authenticate {
  const known = keys.map((key) => ({ key, hash: sha256(key.key.reveal()) }));
  return (authorization) => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    if (given === undefined) {
      throw new Refusal('unauthorized', 'An API key is needed: send "Authorization: Bearer dp_…".');
    }
    const hash = sha256(given);
    const [match] = known.filter((entry) => timingSafeEqual(entry.hash, hash));
    if (match === undefined) throw new Refusal('unauthorized', 'This API key is not known here.');
    return match.key;
  };
}

/**
 * What tells one request body from another without storing it. Keyed, because a plain hash of a body with a short secret
 * in it could be guessed by whoever reads the store.
 */
export function bodyHash(caller: ApiKey, body: unknown): string {
  return createHmac('sha256', caller.key.reveal()).update(canonical(body)).digest('hex');
}

/** JSON with the fields of every object in one order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
