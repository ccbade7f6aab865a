import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What the minter asks of the repo host, and git's pushes; all else is git's and goes through unharmed. */
export type ProviderCall = 'mint' | 'delete' | 'verify' | 'push';

/**
 * - a status: the call does not reach the host.
 * - `hang`: it reaches nobody and is never answered.
 * - `held`: it is under way until all is mended, and only then reaches the host.
 * - `reset_after_commit`: the host did it, and the connection breaks before the answer.
 * - `half_body`: the host did it, and the answer breaks off in its middle.
 * - `not_forwarded`: answered 204 though the host never heard of it.
 */
export type ProviderFault =
  | { status: number; retryAfterSeconds?: number }
  | 'hang'
  | 'held'
  | 'reset_after_commit'
  | 'half_body'
  | 'not_forwarded';

/** Between minter and repo host: an HTTP proxy that breaks calls when told to, and sees every token that is minted. */
export interface LossyProvider extends AsyncDisposable {
  /** With /v1; known before the host is. */
  readonly url: string;
  /** Where the host is; without /v1. */
  forwardTo(origin: string): void;
  /** The next `times` calls of this kind go wrong; a later order replaces it. */
  fail(call: ProviderCall, fault: ProviderFault, times?: number): void;
  /** From now on nothing goes wrong, and what hangs breaks. */
  mend(): void;
  /** Values of all tokens that the host has minted through here, given out or not. */
  values(): string[];
  /** Calls so far, and how many of them went wrong. */
  counts(): Record<ProviderCall, { calls: number; broken: number }>;
  /** Times at which something could go wrong, in ms since 1970; the last one may be open. */
  outages(): { from: number; to: number | null }[];
}

export async function startLossyProvider(): Promise<LossyProvider> {
  const rules = new Map<ProviderCall, { fault: ProviderFault; left: number }>();
  const counts = {
    mint: { calls: 0, broken: 0 },
    delete: { calls: 0, broken: 0 },
    verify: { calls: 0, broken: 0 },
    push: { calls: 0, broken: 0 },
  };
  const values = new Set<string>();
  const hanging = new Set<ServerResponse>();
  const held = new Set<() => void>();
  const outages: { from: number; to: number | null }[] = [];
  let origin = '';

  const faultOf = (call: ProviderCall | null): ProviderFault | null => {
    if (call === null) return null;
    counts[call].calls++;
    const rule = rules.get(call);
    if (rule === undefined || rule.left === 0) return null;
    rule.left--;
    counts[call].broken++;
    if (rule.left === 0) closeOutage();
    return rule.fault;
  };
  const closeOutage = (): void => {
    const last = outages.at(-1);
    if (last?.to === null && [...rules.values()].every(({ left }) => left === 0)) last.to = Date.now();
  };

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const call = callOf(req);
    const fault = faultOf(call);
    if (fault === 'hang') return void hanging.add(res);
    if (fault === 'not_forwarded') return void res.writeHead(204).end();
    if (typeof fault === 'object' && fault !== null) {
      const after = fault.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) };
      return void res
        .writeHead(fault.status, { 'content-type': 'application/json', ...after })
        .end('{"error":"told to"}');
    }
    if (fault === 'held') await new Promise<void>((resolve) => held.add(resolve));
    // Who called may have ended while it was held.
    if (req.destroyed) return;
    const upstream = await forward(req, origin);
    if (call !== 'mint' && (fault === null || fault === 'held')) {
      res.writeHead(upstream.statusCode ?? 502, upstream.headers);
      upstream.pipe(res);
      upstream.on('error', () => res.destroy());
      return;
    }
    const body = await buffer(upstream);
    if (call === 'mint') remember(body, values);
    if (fault === 'reset_after_commit') return void res.socket?.resetAndDestroy();
    res.writeHead(upstream.statusCode ?? 502, {
      ...upstream.headers,
      'content-length': String(Math.max(body.length, 2)),
    });
    if (fault !== 'half_body') return void res.end(body);
    res.write(body.subarray(0, body.length / 2), () => res.socket?.destroy());
  };

  const server = createServer((req, res) => {
    serve(req, res).catch(() => res.destroy());
  });
  server.requestTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const mend = (): void => {
    for (const rule of rules.values()) rule.left = 0;
    for (const res of hanging) res.destroy();
    hanging.clear();
    for (const goOn of held) goOn();
    held.clear();
    closeOutage();
  };
  return {
    url: `http://127.0.0.1:${port}/v1`,
    forwardTo(to) {
      origin = to;
    },
    fail(call, fault, times = Infinity) {
      if (outages.at(-1)?.to !== null) outages.push({ from: Date.now(), to: null });
      rules.set(call, { fault, left: times });
    },
    mend,
    values: () => [...values],
    counts: () => counts,
    outages: () => outages,
    async [Symbol.asyncDispose]() {
      mend();
      server.close();
      server.closeAllConnections();
    },
  };
}

function callOf({ method, url = '' }: IncomingMessage): ProviderCall | null {
  const path = url.replace(/\?.*$/, '');
  if (method === 'POST' && path === '/v1/repo_token') return 'mint';
  if (method === 'DELETE' && path.startsWith('/v1/repo_token/')) return 'delete';
  if (method === 'POST' && path.endsWith('/git-receive-pack')) return 'push';
  if (method === 'GET' && /^\/v1\/(repo|repo_token)\/[^/]+$/.test(path) && !path.endsWith('.git')) return 'verify';
  return null;
}

async function forward(req: IncomingMessage, origin: string): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { method, headers } = req;
  const upstream = request(`${origin}${req.url}`, { ...(method && { method }), headers }, resolve).on('error', reject);
  req.on('close', () => {
    if (!req.complete) upstream.destroy();
  });
  req.pipe(upstream);
  return promise;
}

function remember(body: Buffer, values: Set<string>): void {
  const [, value] = /"token"\s*:\s*"([^"]+)"/.exec(body.toString()) ?? [];
  if (value !== undefined) values.add(value);
}
