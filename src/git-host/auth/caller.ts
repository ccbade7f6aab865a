import type { RepoAccess } from '../tokens/token-store.ts';

/** Who calls: the account, which may do everything, or a repo token, which opens its repos and nothing else. */
export type Caller = { kind: 'account' } | TokenCaller;

interface TokenCaller {
  kind: 'token';
  /** SHA-256 of the value, hex. */
  hash: string;
  /** Access by repo id. */
  grants: ReadonlyMap<string, RepoAccess>;
  /** Milliseconds since the epoch; null for a token without a TTL. */
  expiresAtMs: number | null;
}
