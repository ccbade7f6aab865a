import { Refusal, type RefusalCode } from '../errors.ts';
import { UnreadableRecord } from '../store/parse-record.ts';
import { refusalOf } from '../store/readable.ts';

const PROBLEMS: Record<RefusalCode, { status: number; title: string }> = {
  invalid_json: { status: 400, title: 'The body is not JSON' },
  unauthorized: { status: 401, title: 'No valid API key' },
  scope_missing: { status: 403, title: 'The API key may not do this' },
  repo_not_allowed: { status: 403, title: 'The API key may not use this repo' },
  cross_site: { status: 403, title: 'Not a call of the dashboard' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  idempotency_conflict: { status: 409, title: 'The Idempotency-Key was used for another request' },
  session_not_ended: { status: 409, title: 'The session is not over' },
  session_ended: { status: 409, title: 'The session is over' },
  beyond_token_lifetime: { status: 409, title: "Past the end of the session's token" },
  log_expired: { status: 410, title: 'The log is not kept any more' },
  body_too_large: { status: 413, title: 'The body is too large' },
  uri_too_long: { status: 414, title: 'The URL is too long' },
  unknown_host: { status: 421, title: 'Not a host of this API' },
  invalid_request: { status: 422, title: 'The request cannot be accepted' },
  secret_too_short: { status: 422, title: 'A secret is too short to be masked' },
  image_not_allowed: { status: 422, title: 'The image is not allowed here' },
  access_unsupported: { status: 422, title: 'The provider cannot express this access' },
  rate_limited: { status: 429, title: 'Too many requests' },
  too_many_sessions: { status: 429, title: 'Too many sessions' },
  too_many_streams: { status: 429, title: 'Too many open streams' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  push_unsupported: { status: 422, title: 'Nobody would enforce these rules for pushes' },
  internal_error: { status: 500, title: 'Internal error' },
  log_unreadable: { status: 500, title: 'The log cannot be read' },
  record_unreadable: { status: 500, title: 'A record in the store cannot be read' },
  not_implemented: { status: 501, title: 'Not built yet' },
  unavailable: { status: 503, title: 'Unavailable' },
};

export const REFUSAL_CODES = Object.keys(PROBLEMS) as RefusalCode[];

/** RFC 9457, with a stable `code` and, where fields are wrong, `errors`. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: RefusalCode;
  /** Names this one request, as `X-Request-Id` does. */
  instance: string;
  errors?: { path: string; message: string }[];
}

export function statusOf(code: RefusalCode): number {
  return PROBLEMS[code].status;
}

export function toProblem(refusal: Refusal, requestId: string): Problem {
  const { status, title } = PROBLEMS[refusal.code];
  return {
    type: `urn:daypass:problem:${refusal.code}`,
    title,
    status,
    detail: refusal.message,
    code: refusal.code,
    instance: `urn:daypass:request:${requestId}`,
    ...(refusal.fields.length > 0 && { errors: refusal.fields }),
  };
}

/** Anything thrown, as what the caller is told. What is no refusal is our fault, and its text stays in our log. */
export function asRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  if (thrown instanceof UnreadableRecord) return refusalOf(thrown.noun, thrown);
  if (isUndecodable(thrown)) return new Refusal('not_found', 'The path cannot be decoded.', { cause: thrown });
  return new Refusal('internal_error', 'Something went wrong here. The log of the API has it by its request id.', {
    cause: thrown,
  });
}

/** The router throws a 400 for a path with a broken percent escape. */
function isUndecodable(thrown: unknown): boolean {
  return thrown instanceof URIError || (thrown instanceof Error && 'status' in thrown && thrown.status === 400);
}
