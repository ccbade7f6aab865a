import express, { type ErrorRequestHandler, type Express } from 'express';
import type { Host } from './host.ts';
import { sendError } from './http/send-error.ts';
import { sendJson } from './http/send-json.ts';
import type { Maintainer } from './maintenance/maintainer.ts';
import { noSuchCall } from './rest/fallbacks.ts';
import { ROUTES } from './routes.ts';
import { serve } from './serve.ts';

/** The host's HTTP side. /healthz answers without a key; all else is below /v1 and needs one. */
export function createGitHost(host: Host, maintainer: Maintainer): Express {
  const router = express.Router({ caseSensitive: true, strict: true });
  for (const route of ROUTES) router[route.method](route.path, serve(host, route));

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/healthz', (_req, res) => sendJson(res, 200, { status: 'ok', maintenance: maintainer.counts() }));
  app.use('/v1', router);
  app.use(serve(host, { method: 'all', path: '*', need: 'account', run: noSuchCall }));
  app.use(answerError(host));
  return app;
}

/** For what the router itself throws; express knows an error handler by its four parameters. */
function answerError(host: Host): ErrorRequestHandler {
  return (error, _req, res, _next) => sendError(res, error, host.log);
}
