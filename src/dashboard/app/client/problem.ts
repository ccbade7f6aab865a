import type { FieldError } from '../../../errors.ts';

/** A call that the API refused, or that never reached it. The message is for the reader. */
export class Problem extends Error {
  override readonly name = 'Problem';
  /** 0: there was no answer. */
  readonly status: number;
  /** Stable; null: whoever answered is no Daypass. */
  readonly code: string | null;
  readonly fields: FieldError[];
  readonly retryAfterSeconds: number | null;

  constructor(
    message: string,
    { status = 0, code = null, fields = [], retryAfterSeconds = null }: Partial<Omit<Problem, 'message'>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** What an answer that is no success says, as problem+json or not. */
export async function problemOf(response: Response): Promise<Problem> {
  const { status } = response;
  const retryAfter = Number(response.headers.get('retry-after'));
  const body = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; errors?: FieldError[] };
  return new Problem(body.detail ?? `The API answered ${status}.`, {
    status,
    code: body.code ?? null,
    fields: body.errors ?? [],
    retryAfterSeconds: retryAfter > 0 ? retryAfter : null,
  });
}

/** Anything thrown, in words for the reader. */
export function messageOf(error: unknown): string {
  if (error instanceof Problem) return error.message;
  // What fetch says when nobody answers differs from browser to browser, and helps in none.
  if (error instanceof TypeError) return 'The API does not answer. Try again.';
  return error instanceof Error ? error.message : String(error);
}
