/** Code → status, in one table: what this host can refuse a call with. */
export const STATUS_OF = {
  bad_value: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  too_slow: 408,
  conflict: 409,
  too_large: 413,
  unsupported_media_type: 415,
  missing_field: 422,
  locked: 423,
  too_many: 429,
  internal_error: 500,
  not_built: 501,
  busy: 503,
  closing: 503,
  no_space: 507,
} as const satisfies Record<string, number>;

export type HostErrorCode = keyof typeof STATUS_OF;

/** A call that is refused. The message is for the caller and holds no secret. */
export class HostError extends Error {
  override readonly name = 'HostError';
  readonly code: HostErrorCode;

  constructor(code: HostErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}
