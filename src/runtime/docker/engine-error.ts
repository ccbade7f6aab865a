import { describe, SessionError } from '../../errors.ts';

/** The warden's words for what an answer's status cannot say. */
export const IMAGE_NOT_ALLOWED = 'image_not_allowed';
export const HOST_DISK_FULL = 'host_disk_full';

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
    return new SessionError('image_missing', 'The image is not on this engine', { said: message, cause: error });
  }
  const { code } = (error ?? {}) as { code?: unknown };
  if (code === IMAGE_NOT_ALLOWED || code === HOST_DISK_FULL) return new SessionError(code, message, { cause: error });
  // No answer at all, or a warden's that there is none.
  if (status === null || status === 503) {
    return new SessionError('engine_unavailable', `Docker does not answer (${doing})`, { said: message, cause: error });
  }
  return new SessionError('sandbox_failed', `Docker refused (${doing})`, { said: message, cause: error });
}
