import { describe, SessionError } from '../../errors.ts';

/** The warden's words for what an answer's status cannot say. */
export const IMAGE_NOT_ALLOWED = 'image_not_allowed';

/** What Docker's API answered, when it answered with an error. */
export function engineStatus(error: unknown): number | null {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : null;
}

/** Any failure of a call to the engine, as the session's owner should read it. */
export function toSessionError(error: unknown, doing: string): SessionError {
  if (error instanceof SessionError) return error;
  const message = describe(error);
  const status = engineStatus(error);
  if (status === 404 && /no such image/i.test(message)) {
    return new SessionError('image_missing', `The image is not on this engine: ${message}`, { cause: error });
  }
  if ((error as { code?: unknown } | null)?.code === IMAGE_NOT_ALLOWED) {
    return new SessionError('image_not_allowed', message, { cause: error });
  }
  // No answer at all, or a warden's that there is none.
  if (status === null || status === 503) {
    return new SessionError('engine_unavailable', `Docker does not answer (${doing}): ${message}`, { cause: error });
  }
  return new SessionError('sandbox_failed', `Docker refused (${doing}): ${message}`, { cause: error });
}
