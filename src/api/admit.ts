import { isIP } from 'node:net';
import type { Request, Response } from 'express';
import type { Caller } from '../access/caller.ts';
import { allows, type Scope } from '../access/scope.ts';
import { Refusal } from '../errors.ts';
import { auditRefusedKey, networkOf, type Origin } from './audit-trail.ts';
import type { ApiDeps } from './deps.ts';
import { loginIn } from './login/cookie.ts';
import { requireOurPage } from './login/same-page.ts';
import { requireRate, tellRate } from './rate-limits.ts';

/** So many keys that are none may come from one address in a minute; more are not answered with 401 but with 429. */
const MAX_REFUSED_KEYS = 20;

/** Where a request comes from, as far as the proxies that are trusted say so. */
export function originOf(req: Request, res: Response): Origin {
  // Whoever stands before a trusted proxy may have written anything into its header.
  const given = withoutPort(req.ip ?? '');
  const address = isIP(given) === 0 ? (req.socket.remoteAddress ?? null) : given;
  return { address, requestId: String(res.locals['requestId']) };
}

/** Some proxies write `203.0.113.1:4711` and `[2001:db8::1]:4711`. */
function withoutPort(address: string): string {
  const [, bracketed, plain] = /^(?:\[(.+)\]|([\d.]+))(?::\d+)?$/.exec(address) ?? [];
  return bracketed ?? plain ?? address;
}

/** Lets a request in: by a key that is known, or a login with one, within its rate. Throws `unauthorized`, `cross_site` or `rate_limited`. */
export async function admit(deps: ApiDeps, [req, res]: [Request, Response]): Promise<Caller> {
  const caller = await authenticate(deps, [req, res]);
  await countRequest(deps, caller, res);
  return caller;
}

/** Counts a call of a key that has a limit. Throws `rate_limited`. */
export async function countRequest({ rates }: Pick<ApiDeps, 'rates'>, caller: Caller, res: Response): Promise<void> {
  const { requestsPerMinute } = caller.limits;
  if (requestsPerMinute === null) return;
  const rate = await rates.count('requests', caller.keyId, requestsPerMinute);
  tellRate(res, rate);
  requireRate(rate, 'requests of this API key');
}

/** Throws `scope_missing`. */
export function requireScope({ scopes }: Caller, needed: Scope): void {
  if (allows(scopes, needed)) return;
  throw new Refusal(
    'scope_missing',
    `This needs an API key with the scope "${needed}"; this one has: ${scopes.join(', ')}.`,
  );
}

async function authenticate(deps: ApiDeps, [req, res]: [Request, Response]): Promise<Caller> {
  // Who sends a key means it; a cookie is sent by browsers of themselves.
  const login = req.headers.authorization === undefined ? loginIn(req.headers.cookie) : null;
  if (login !== null) {
    requireOurPage(req, login);
    return deps.logins.callerOf(login);
  }
  try {
    return await deps.authenticator.byHeader(req.headers.authorization);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'unauthorized') throw error;
    await noteRefusedKey(deps, [req, res]);
    throw error;
  }
}

/**
 * Counts and tells of a key that was not taken. A key that is known is never asked for its address: many may
 * stand behind one, and nobody guesses 192 random bits however often they may try. Throws `rate_limited`.
 */
export async function noteRefusedKey(deps: ApiDeps, [req, res]: [Request, Response]): Promise<void> {
  const origin = originOf(req, res);
  const rate = await deps.rates.count('failed-keys', networkOf(origin.address), MAX_REFUSED_KEYS);
  const route = typeof res.locals['route'] === 'string' ? res.locals['route'] : 'other';
  const outcome = rate.exceeded ? 'rate_limited' : 'unauthorized';
  await auditRefusedKey(deps, { origin, route, outcome });
  if (rate.exceeded) tellRate(res, rate);
  requireRate(rate, 'calls with an unknown API key');
}
