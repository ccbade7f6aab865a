import { parseCookie, stringifySetCookie } from 'cookie';
import { Secret } from '../../token/secret.ts';

/** The prefix has browsers refuse it from elsewhere: it must be Secure, of this host alone, and for all paths. */
const NAME = '__Host-daypass';
const VALUE = /^[\w-]{43}$/;

/** What a browser that has logged in sends; null when it sends none that could be ours. */
export function loginIn(header: string | undefined): Secret | null {
  const value = header === undefined ? undefined : parseCookie(header)[NAME];
  return value !== undefined && VALUE.test(value) ? new Secret(value) : null;
}

/** `Set-Cookie` for a login that ends after `maxAgeSeconds` at the latest. */
export function loginCookie(secret: Secret, maxAgeSeconds: number): string {
  return cookie(secret.reveal(), maxAgeSeconds);
}

/** `Set-Cookie` that has the browser forget it. */
export function noCookie(): string {
  return cookie('', 0);
}

function cookie(value: string, maxAge: number): string {
  return stringifySetCookie({
    name: NAME,
    value,
    maxAge,
    path: '/',
    httpOnly: true,
    secure: true,
    sameSite: 'strict',
  });
}
