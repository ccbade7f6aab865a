import { sign, verify, createPublicKey, type KeyObject } from 'node:crypto';
import type { TokenRecord } from '../record.ts';
import { canonicalJson } from './canonical-json.ts';

/**
 * What a minter signs into the ledger at the moment in which it sees a token refused. Others can write to the ledger too,
 * so without it nobody's receipt is signed: it says that this very line was written by whoever saw it.
 */
export function testify(token: TokenRecord, key: KeyObject): string {
  return sign(null, statement(token), key).toString('base64url');
}

/** Whether the token's line is as it was when the holder of this key saw the token refused. */
export function isOwnTestimony(token: TokenRecord, key: KeyObject): boolean {
  if (!token.testimony) return false;
  return verify(null, statement(token), createPublicKey(key), Buffer.from(token.testimony, 'base64url'));
}

/** Told apart from a receipt, which the same key signs, by the name of what it states. */
function statement(token: TokenRecord): Buffer {
  const { id, sessionId, provider, fingerprint, mintedAt, deliveredAt, revokingAt, revokedAt, verifiedAt, attempts } =
    token;
  const repoIds = token.grants.map(({ repoId }) => repoId);
  const times = { mintedAt, deliveredAt, revokingAt, revokedAt, verifiedAt };
  const seen = { statement: 'token refused', id, sessionId, provider, fingerprint, repoIds, attempts, ...times };
  return Buffer.from(canonicalJson(seen));
}
