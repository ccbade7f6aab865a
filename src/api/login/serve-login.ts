import type { Express, Request, Response } from 'express';
import { z } from 'zod';
import type { AuditAction } from '../../access/audit.ts';
import type { Caller } from '../../access/caller.ts';
import { Refusal } from '../../errors.ts';
import { auditEffect } from '../../store/audit.ts';
import type { Effect } from '../../store/commit.ts';
import { orUnavailable } from '../../store/redis.ts';
import type { Secret } from '../../token/secret.ts';
import { countRequest, noteRefusedKey, originOf } from '../admit.ts';
import { sendWhole } from '../answer.ts';
import { entryOf } from '../audit-trail.ts';
import type { ApiDeps } from '../deps.ts';
import { parse } from '../parse.ts';
import { requireRate } from '../rate-limits.ts';
import { createReadBody } from '../read-body.ts';
import { loginCookie, loginIn, noCookie } from './cookie.ts';
import { csrfToken, refuseOtherPages, requireOurPage } from './same-page.ts';

/** A key and its braces: nobody is known yet who might send more. */
const MAX_LOGIN_BYTES = 4 * 1024;
/** Logins of one key in a minute, of whatever key: each is kept for hours, and told of for longer. */
const MAX_LOGINS = 30;

const loginBody = z.strictObject({ key: z.string().min(1).max(512) });

/**
 * The dashboard's way in: the key is sent once, for a cookie that no script can read. POST /login begins a login, GET
 * /login tells the page of the one that it has, POST /logout ends it. They are the page's own, change with it, and are
 * no part of the API or of its document: a program sends its key.
 */
export function serveLogin(app: Express, deps: ApiDeps): void {
  const readBody = createReadBody(MAX_LOGIN_BYTES);
  const serve =
    (path: string, handle: (req: Request, res: Response) => Promise<void>) => (req: Request, res: Response) => {
      res.locals['route'] = path;
      return orUnavailable(handle(req, res));
    };
  const told = (action: AuditAction, caller: Caller, [req, res]: [Request, Response]): Effect[] => [
    auditEffect(entryOf({ action, outcome: 'ok', caller, origin: originOf(req, res) }), deps.keep.auditMs),
  ];

  app.post(
    '/login',
    serve('/login', async (req, res) => {
      refuseOtherPages(req);
      const { key } = parse(loginBody, await readBody(req, res));
      const caller = await orCounted(deps, [req, res], deps.authenticator.byKey(key.trim()));
      await countRequest(deps, caller, res);
      requireRate(await deps.rates.count('logins', caller.keyId, MAX_LOGINS), 'logins with this API key');
      const login = await deps.logins.begin(caller, told('login', caller, [req, res]));
      const setCookie = loginCookie(login, Math.floor(deps.loginTimes.longestMs / 1_000));
      sendWhole(res, { status: 200, json: shown(caller, login), headers: { 'set-cookie': setCookie } });
    }),
  );
  app.get(
    '/login',
    serve('/login', async (req, res) => {
      const login = loginIn(req.headers.cookie);
      if (login !== null) requireOurPage(req, login);
      // Nobody is no failure: it is how the page finds out that it must ask for a key.
      const caller = login === null ? null : await deps.logins.callerOf(login).catch(nobody);
      if (caller !== null) await countRequest(deps, caller, res);
      sendWhole(res, { status: 200, json: caller === null || login === null ? { login: null } : shown(caller, login) });
    }),
  );
  app.post(
    '/logout',
    serve('/logout', async (req, res) => {
      const login = loginIn(req.headers.cookie);
      if (login === null) throw new Refusal('unauthorized', 'There is no login to end.');
      requireOurPage(req, login);
      const caller = await deps.logins.callerOf(login).catch(nobody);
      await deps.logins.end(login, caller === null ? [] : told('logout', caller, [req, res]));
      res.setHeader('set-cookie', noCookie());
      sendWhole(res, { status: 204 });
    }),
  );
}

function shown({ keyId, name, scopes }: Caller, login: Secret) {
  return { login: { keyId, name, scopes, csrfToken: csrfToken(login) } };
}

async function orCounted<T>(deps: ApiDeps, exchange: [Request, Response], work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Refusal && error.code === 'unauthorized') await noteRefusedKey(deps, exchange);
    throw error;
  }
}

function nobody(error: unknown): null {
  if (error instanceof Refusal && error.code === 'unauthorized') return null;
  throw error;
}
