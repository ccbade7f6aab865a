import { nanoid } from 'nanoid';

/** The client's own `X-Request-Id` where it is a plain one, so that both sides' logs meet; else a new one. */
export function requestIdOf(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : `req_${nanoid()}`;
}
