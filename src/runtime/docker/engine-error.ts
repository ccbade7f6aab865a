import { describe, SessionError } from '../../errors.ts';

/** What Docker's API answered, when it answered with an error. */
export function engineStatus(error: unknown): number | null {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : null;
}

/** Any failure of a call to the engine, as the session's owner should read it. */
export function toSessionError(error: unknown, doing: string): SessionError {
  if (error instanceof SessionError) return error;
  const message = describe(error);
  if (engineStatus(error) === 404 && /no such image/i.test(message)) {
    return new SessionError('image_missing', `The image is not on this engine: ${message}`, { cause: error });
  }
  if (engineStatus(error) === null) {
    return new SessionError('engine_unavailable', `Docker does not answer (${doing}): ${message}`, { cause: error });
  }
  return new SessionError('sandbox_failed', `Docker refused (${doing}): ${message}`, { cause: error });
}
