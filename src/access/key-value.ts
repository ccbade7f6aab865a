import { createHash, randomBytes } from 'node:crypto';
import { Secret } from '../token/secret.ts';

const VALUE_BYTES = 32;

/** A key nobody can guess: `dp_` and 256 random bits. */
export function newKeyValue(): Secret {
  return new Secret(`dp_${randomBytes(VALUE_BYTES).toString('base64url')}`);
}

/**
 * What is kept of a key, in hex. A plain SHA-256: what it hides is random, so there is nothing that a slow hash or a salt
 * would keep from being guessed.
 */
export function hashOfKey(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}

/** Tells one value from another for people and logins, without being worth anything: the first 12 hex digits of its hash. */
export function fingerprintOf(hash: string): string {
  return hash.slice(0, 12);
}
