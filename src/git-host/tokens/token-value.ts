import { createHash, randomBytes } from 'node:crypto';

/** `rlcr-` and 40 hex digits, as the hosted service makes them: 160 random bits, so a plain hash of it cannot be guessed. */
export function newTokenValue(): string {
  return `rlcr-${randomBytes(20).toString('hex')}`;
}

/** SHA-256, hex: what is stored in place of a token. */
export function hashToken(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}

/** The first 12 digits of the hash: enough to recognise a token by, nothing to use it with. */
export function fingerprintOf(hash: string): string {
  return hash.slice(0, 12);
}
