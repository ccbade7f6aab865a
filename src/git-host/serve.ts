import type { Request, RequestHandler, Response } from 'express';
import { watchReader } from './answers/reader.ts';
import { authorize } from './auth/authorize.ts';
import type { Caller } from './auth/caller.ts';
import type { Call, Host } from './host.ts';
import { HostError } from './http/host-error.ts';
import { sendError } from './http/send-error.ts';
import type { Route } from './route.ts';

/**
 * Makes a route a handler: who calls, may they, does the repo exist, then the operation. From the moment the token was found
 * valid the request is a live use of it, so that no deletion can slip in between.
 */
export function serve(host: Host, route: Route): RequestHandler {
  return async (req, res) => {
    const access = host.accessLog.begin({ res, method: req.method, route: route.path });
    const gone = clientGone(res);
    try {
      const caller = host.authenticate(req.headers.authorization, { basic: route.git === true });
      access.caller(caller);
      const by = caller.kind === 'token' ? caller.hash : 'account';
      host.connections.identify(req, by);
      const leave = host.requests.enter(by);
      res.once('close', leave);
      const params = textParams(req);
      const repoId = params['repoId']?.toLowerCase() ?? null;
      authorize(caller, route.need, repoId);
      const use = host.uses.begin({
        tokenHash: caller.kind === 'token' ? caller.hash : null,
        // Deleting a repo ends what runs on it, but not the deletion itself.
        repoId: route.need === 'account' ? null : repoId,
        expiresAtMs: caller.kind === 'token' ? caller.expiresAtMs : null,
      });
      try {
        await use.ready;
        const query = new URL(req.originalUrl, 'http://localhost').searchParams;
        const signal = AbortSignal.any([use.signal, gone]);
        await run(host, route, caller, {
          req,
          res,
          by,
          reader: watchReader(res, host.bounds.reader),
          params,
          query,
          signal,
        });
      } finally {
        use.end();
      }
    } catch (error) {
      if (route.git === true && error instanceof HostError && error.code === 'unauthorized' && !res.headersSent) {
        res.setHeader('www-authenticate', 'Basic realm="daypass"');
      }
      sendError(res, error, host.log);
    }
  };
}

async function run(host: Host, route: Route, caller: Caller, call: Call): Promise<void> {
  if (route.need === 'account') return route.run(host, call);
  const repoId = call.params['repoId']?.toLowerCase() ?? '';
  const repo = host.repos.find(repoId);
  if (repo === null) throw new HostError('not_found', `repo ${repoId} not found`);
  const place = { repoDir: host.dirs.pathOf(repo.repoId), homeDir: host.dirs.homeDir, signal: call.signal };
  return route.run(host, { ...call, repo, place, needWrite: () => authorize(caller, 'write', repoId) });
}

function clientGone(res: Response): AbortSignal {
  const controller = new AbortController();
  res.once('close', () => {
    if (!res.writableFinished) controller.abort(new Error('the client went away'));
  });
  return controller.signal;
}

/** A wildcard's segments come as a list, each decoded for itself; a client may have sent the slashes between them as %2F. */
function textParams(req: Request): Record<string, string> {
  return Object.fromEntries(
    Object.entries(req.params).map(([name, value]) => [name, typeof value === 'string' ? value : value.join('/')]),
  );
}
