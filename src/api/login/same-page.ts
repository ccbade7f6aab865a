import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from '../../errors.ts';
import type { Secret } from '../../token/secret.ts';

const SAFE_METHODS = ['GET', 'HEAD'];

interface BrowserRequest {
  method: string;
  headers: IncomingHttpHeaders;
}

/**
 * Refuses what a browser says comes from another page than ours; `Host` is one of our own by then. Programs that are no
 * browser say nothing of it. Throws `cross_site`.
 */
export function refuseOtherPages({ headers }: Pick<BrowserRequest, 'headers'>): void {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  const isOther = origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host);
  if (isOther || (site !== undefined && site !== 'same-origin')) throw crossSite();
}

/**
 * What a call by cookie needs, since a browser sends that of itself: to say that our own page makes it, and, for what
 * changes something, a token that only that page can read. Throws `cross_site`.
 */
export function requireOurPage({ method, headers }: BrowserRequest, login: Secret): void {
  refuseOtherPages({ headers });
  if (headers['sec-fetch-site'] === undefined && headers.origin === undefined) throw crossSite();
  if (SAFE_METHODS.includes(method)) return;
  const given = Buffer.from(String(headers['x-csrf-token'] ?? ''));
  const expected = Buffer.from(csrfToken(login));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw crossSite();
}

/** Belongs to one login: it cannot be told from it, nor the login from it. */
export function csrfToken(login: Secret): string {
  return createHmac('sha256', login.reveal()).update('daypass csrf token v1').digest('base64url');
}

function crossSite(): Refusal {
  return new Refusal(
    'cross_site',
    'A login counts only for calls that the dashboard itself makes. Programs send "Authorization: Bearer dp_…".',
  );
}
