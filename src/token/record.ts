import type { TokenState } from './state.ts';

export type Access = 'read' | 'write';

/** One repo that a token opens, and how far. */
export interface RepoGrant {
  repoId: string;
  access: Access;
}

/** One line of the token ledger. Times are ISO 8601 UTC. It never holds the value in clear. */
export interface TokenRecord {
  /** `tok_` + nanoid: the intent's id, known before the provider is asked. */
  id: string;
  sessionId: string;
  /** Who mints it; null until the minter has said so. */
  provider: string | null;
  state: TokenState;
  grants: RepoGrant[];
  /** What the provider is asked for; always set, so that even a lost answer ends by itself. */
  ttlSeconds: number;
  intendedAt: string;
  /** When the provider was about to be asked; written before the call, so that a lost answer is seen as one. */
  askedAt: string | null;
  /** The host that was asked, as `hostOf` names it: no other one can delete the token. */
  host: string | null;
  /** Name of the minter that asked: its spool has the token. */
  minter: string | null;
  mintedAt: string | null;
  /** When the value was handed to the session's sandbox. */
  deliveredAt: string | null;
  /** Not before this: the later of what its host says and of what was asked for. */
  expiresAt: string | null;
  /** Another one has taken its place, and it may be used until then. Absent where none has. */
  retiresAt?: string;
  /** When the ledger began to want it gone. */
  revokingAt: string | null;
  revokedAt: string | null;
  /** When a request *with the token* was refused by the provider. */
  verifiedAt: string | null;
  /** Signed by the minter that saw it refused, over this line as it is then; see `receipt/testimony.ts`. */
  testimony: string | null;
  /** Calls made to delete it so far. */
  attempts: number;
  /** When the next of them is due, by whoever made the last; null before the first. */
  nextTryAt: string | null;
  /** Why the last attempt to mint or delete it failed; no secret in it. */
  lastError: string | null;
  /** First 12 hex digits of the value's SHA-256. */
  fingerprint: string | null;
  /** The value under the seal key ring; kept while it is to be deleted, or to be masked in the log of a sandbox. */
  sealed: string | null;
}
