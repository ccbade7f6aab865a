import { timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../token/secret.ts';
import { HostError } from '../http/host-error.ts';
import { hashToken } from '../tokens/token-value.ts';
import type { TokenStore } from '../tokens/token-store.ts';
import type { Caller } from './caller.ts';
import { credential } from './credential.ts';

export type Authenticate = (header: string | undefined, options: { basic: boolean }) => Caller;

/** Finds out who calls. Throws `unauthorized` for no credential, an unknown one, and a deleted or expired token alike. */
export function createAuthenticate(deps: { accountKeys: Secret[]; tokens: TokenStore }): Authenticate {
  const accountHashes = deps.accountKeys.map((key) => Buffer.from(hashToken(key.reveal()), 'hex'));
  return (header, options) => {
    const value = credential(header, options);
    if (value === null) throw new HostError('unauthorized', 'an API key or repo token is needed');
    const hash = hashToken(value);
    const bytes = Buffer.from(hash, 'hex');
    // Every key is compared, in constant time, so that timing tells nothing about them.
    const isAccount = accountHashes.filter((known) => timingSafeEqual(known, bytes)).length > 0;
    if (isAccount) return { kind: 'account' };
    const token = deps.tokens.find(hash);
    if (token === null) throw new HostError('unauthorized', 'unknown, deleted or expired key or token');
    return { kind: 'token', hash, grants: token.grants, expiresAtMs: token.expiresAtMs };
  };
}
