/** Why a session of ours, not its agent, failed: `failure.code` on the wire. */
export const FAILURE_CODES = [
  'repo_not_found',
  'repo_refused',
  'provider_unavailable',
  'minter_unavailable',
  'engine_unavailable',
  'image_missing',
  'image_not_allowed',
  'sandbox_failed',
  'ref_not_found',
  'clone_failed',
  'git_too_old',
  'command_not_found',
  'command_not_executable',
  'out_of_memory',
  'out_of_disk',
  'host_disk_full',
  'token_revoked',
  'worker_lost',
  'store_lost',
  'internal_error',
  /** Of sessions that an earlier version ended; now `internal_error`. */
  'internal',
] as const;

export type FailureCode = (typeof FAILURE_CODES)[number];

/** What an HTTP call can be refused with: `code` in problem+json. */
export type RefusalCode =
  | 'invalid_json'
  | 'invalid_request'
  | 'secret_too_short'
  | 'access_unsupported'
  | 'push_unsupported'
  | 'image_not_allowed'
  | 'body_too_large'
  | 'unauthorized'
  | 'scope_missing'
  | 'repo_not_allowed'
  | 'cross_site'
  | 'unknown_host'
  | 'rate_limited'
  | 'too_many_sessions'
  | 'too_many_streams'
  | 'uri_too_long'
  | 'headers_too_large'
  | 'not_found'
  | 'method_not_allowed'
  | 'idempotency_conflict'
  | 'session_not_ended'
  | 'session_ended'
  | 'beyond_token_lifetime'
  | 'not_implemented'
  | 'log_expired'
  | 'log_unreadable'
  | 'record_unreadable'
  | 'unavailable'
  | 'internal_error';

/** One wrong field of a request: where, and what to do about it. */
export interface FieldError {
  path: string;
  message: string;
}

/** A call that is refused. The message is for the caller: what is wrong, and what to do. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly fields: FieldError[];
  /** When trying again may help; null where nobody knows. */
  readonly retryAfterSeconds: number | null;

  constructor(
    code: RefusalCode,
    message: string,
    options: { fields?: FieldError[]; cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.fields = options.fields ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}

/**
 * A step of a session that cannot go on. Its message reaches the session's owner, so it holds no secret: what another
 * program said, or the request, is given as `said`, which is masked where it enters the session's record (`told`).
 */
export class SessionError extends Error {
  override readonly name = 'SessionError';
  readonly code: FailureCode;
  readonly #ours: string;
  readonly #said: string;

  /** `message` is in our own words; `said` comes from outside and follows it after a colon. */
  constructor(code: FailureCode, message: string, { said = '', ...options }: { cause?: unknown; said?: string } = {}) {
    super(said === '' ? message : `${message}: ${said}`, options);
    this.code = code;
    this.#ours = message;
    this.#said = said;
  }

  /** The message with what came from outside masked, and our own words as they are. */
  told(mask: (outside: string) => string): string {
    return this.#said === '' ? this.#ours : `${this.#ours}: ${mask(this.#said)}`;
  }
}

/** A short text of anything thrown, for logs and `lastError`. */
export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
