import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { Refusal } from '../errors.ts';
import { MAX_HEADERS, MAX_URL_BYTES } from './bounds.ts';
import type { ApiDeps } from './deps.ts';
import { serveDashboard, type DashboardFiles } from './serve-dashboard.ts';
import type { Method, Operation } from './operation.ts';
import { requireOurHost } from './hosts.ts';
import { serveLogin } from './login/serve-login.ts';
import { createPipelineGuard } from './pipelining.ts';
import { createReadBody, MAX_BODY_BYTES, type ReadBody } from './read-body.ts';
import { requestIdOf } from './request-id.ts';
import { routes } from './routes.ts';
import { sendRefusal } from './send-refusal.ts';
import { serveOperation } from './serve-operation.ts';

interface AppOptions {
  dashboard: DashboardFiles;
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed. */
  trustedProxies: string[];
}

/** The whole HTTP surface: the API's operations and the page. */
export function createApp(deps: ApiDeps, { dashboard, trustedProxies }: AppOptions): Express {
  const app = express();
  app.set('trust proxy', trustedProxies);
  app.disable('x-powered-by');
  app.disable('etag');
  const mayAsk = createPipelineGuard();
  app.use((req, res, next) => {
    if (mayAsk(req, res)) next();
  });
  app.use(begin(deps));
  serveDashboard(app, dashboard);
  serveLogin(app, deps);
  for (const [path, operations] of Map.groupBy(routes(), (operation) => operation.path)) {
    app.all(path.replaceAll(/\{(\w+)\}/g, ':$1'), dispatch(operations, deps));
  }
  app.use((req) => {
    throw new Refusal('not_found', `There is nothing at ${req.path}. GET /openapi.json lists every call.`);
  });
  app.use((thrown: unknown, _req: Request, res: Response, _next: NextFunction) => sendRefusal(res, thrown, deps.log));
  return app;
}

/** Of every answer: it is taken for nothing but what it says it is, shown in no other page, and read by none. */
const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
  'x-frame-options': 'DENY',
};

/** Gives every call its id, its headers, and its line in the figures. */
function begin({ metrics, log, hosts }: ApiDeps) {
  return (req: Request, res: Response, next: NextFunction): void => {
    const requestId = requestIdOf(req.headers['x-request-id']);
    res.locals['requestId'] = requestId;
    res.setHeader('x-request-id', requestId);
    for (const [name, value] of Object.entries(SAFE_HEADERS)) res.setHeader(name, value);
    const startedAt = performance.now();
    res.on('close', () => {
      const route = typeof res.locals['route'] === 'string' ? res.locals['route'] : 'other';
      const { method } = req;
      const status = res.statusCode;
      metrics.countRequest({ method, route, status });
      log.debug({ requestId, method, route, status, ms: Math.round(performance.now() - startedAt) }, 'answered');
    });
    requireOurHost(req.headers, hosts);
    requireModestHead(req);
    next();
  };
}

/** Throws `uri_too_long` or `headers_too_large`. What Node itself takes in is bounded to 16 KiB. */
function requireModestHead({ url, rawHeaders }: Request): void {
  if (url.length > MAX_URL_BYTES) {
    throw new Refusal('uri_too_long', `A URL may have at most ${MAX_URL_BYTES} bytes.`);
  }
  if (rawHeaders.length / 2 > MAX_HEADERS) {
    throw new Refusal('headers_too_large', `A request may have at most ${MAX_HEADERS} headers.`);
  }
}

function dispatch(operations: Operation[], deps: ApiDeps) {
  const byMethod = new Map<string, { operation: Operation; readBody: ReadBody }>(
    operations.map((operation) => {
      const readBody = createReadBody(operation.maxBodyBytes ?? MAX_BODY_BYTES);
      return [operation.method, { operation, readBody }];
    }),
  );
  const allowed = [...byMethod.keys()].map((method) => method.toUpperCase()).join(', ');
  return async (req: Request, res: Response): Promise<void> => {
    const wanted = byMethod.get(wantedMethod(req.method));
    res.locals['route'] = operations[0]?.path;
    if (wanted !== undefined) return serveOperation(wanted.operation, deps, wanted.readBody, [req, res]);
    res.setHeader('allow', allowed);
    throw new Refusal('method_not_allowed', `${req.method} is not possible here; ${allowed} is.`);
  };
}

/** HEAD is a GET whose body Node leaves out. */
function wantedMethod(method: string): string {
  return method === 'HEAD' ? ('get' satisfies Method) : method.toLowerCase();
}
