import type { RepoGrant } from './record.ts';
import type { Secret } from './secret.ts';

export interface MintRequest {
  /** Shown by the provider where it can; `daypass <session id>`. */
  name: string;
  grants: RepoGrant[];
  ttlSeconds: number;
  signal: AbortSignal;
}

export interface MintedToken {
  value: Secret;
  /** ISO 8601 UTC; null where the provider does not say. */
  expiresAt: string | null;
}

/**
 * A place that mints tokens for repos.
 *
 * Order: `mint` → any number of `isRefused` → `delete` (any number of times) → `isRefused`. Calls for different tokens
 * may run side by side. No call retries by itself: the caller owns retries, because a blind retry of a mint leaves a
 * token that nobody can name.
 *
 * Every call throws `ProviderError` and nothing else. No message contains a token's value.
 */
export interface TokenProvider {
  /** As it is stored in the ledger: `relace`. */
  readonly name: string;
  /** Which host mints, as `hostOf` names it. A token of another one can neither be deleted nor be seen refused here. */
  readonly host: string;
  /** Whether the provider itself can make a token read-only; where not, the session is refused at the door. */
  readonly canRestrictAccess: boolean;
  /** Throws `refused`, `not_found` (no token exists), or `unavailable` (a token may exist: its answer was lost). */
  mint(request: MintRequest): Promise<MintedToken>;

  /** Safe to call twice: a token that is gone already is a success. Throws `unavailable` or `unauthorized`. */
  delete(value: Secret, signal: AbortSignal): Promise<void>;

  /**
   * Asks the repos *with the token*, one after another until one can tell: none of them may be there any more. True when
   * the token itself was refused; false when it still opens a repo. Throws `unavailable` where no one can tell.
   */
  isRefused(value: Secret, repoIds: string[], signal: AbortSignal): Promise<boolean>;

  /** What a sandbox needs to use the token: environment, and the URL each repo is cloned from, with no credential in it. */
  access(value: Secret, repoIds: string[]): SandboxAccess;
}

export interface SandboxAccess {
  /** What the provider's own tools read besides the token. */
  env: Record<string, string>;
  /** REPO_TOKEN, and every other variable that holds the value. */
  secretEnv: Record<string, Secret>;
  /** Scheme, host and port of the repo host; the gateway lets every sandbox reach exactly this. */
  repoOrigin: string;
  /** By repo id. */
  cloneUrls: Record<string, string>;
}

/**
 * - `not_found`: a repo is unknown to the provider.
 * - `refused`: the provider understood and said no.
 * - `unauthorized`: our own key was refused (401/403): an alarm, never a success.
 * - `unavailable`: no answer, a broken one, 429 or 5xx. `retryAfterMs` when the provider named a time.
 */
export type ProviderErrorKind = 'not_found' | 'refused' | 'unauthorized' | 'unavailable';

export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly kind: ProviderErrorKind;
  readonly retryAfterMs: number | null;

  constructor(kind: ProviderErrorKind, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}
