import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { describe } from '../errors.ts';
import { endToEndHeaders } from './headers.ts';
import { closeWhenIdle } from './idle.ts';
import { refusalText, type Proxy } from './proxy.ts';
import { formatTarget, hostHeader, readRequestTarget, type Target } from './target.ts';

/** `GET http://host/path`: how clients ask a proxy for plain HTTP. Resolves when the request is on its way. */
export async function forward(req: IncomingMessage, res: ServerResponse, { judge, dial, log }: Proxy): Promise<void> {
  const asked = readRequestTarget(req.url ?? '', null);
  if (asked === null || asked.target === null)
    return refuse(res, 400, 'A proxy wants a whole http:// address without a user, or CONNECT');
  const { target, path } = asked;
  const decision = await judge(target);
  if (!decision.allowed) return refuse(res, 403, decision.reason);
  const fail = (error: unknown): void => {
    if (res.destroyed) return;
    log.warn({ target: formatTarget(target), reason: describe(error) }, 'could not forward');
    if (res.headersSent) res.destroy();
    else refuse(res, 502, `${formatTarget(target)} does not answer`);
  };
  try {
    const upstream = await dial(decision.addresses, target.port);
    if (res.destroyed) return void upstream.destroy();
    send({ req, res, target, path, upstream, fail });
  } catch (error) {
    fail(error);
  }
}

interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  target: Target;
  path: string;
  upstream: Socket;
  fail: (error: unknown) => void;
}

function send({ req, res, target, path, upstream, fail }: Exchange): void {
  closeWhenIdle(upstream);
  // Hop-by-hop as it is, the body's framing is chosen anew; for methods such as GET only when it is asked for.
  const framing = req.headers['transfer-encoding'] === undefined ? {} : { 'transfer-encoding': 'chunked' };
  const outgoing = request({
    createConnection: () => upstream,
    port: target.port,
    method: req.method,
    path,
    headers: { ...endToEndHeaders(req.headers), ...framing, host: hostHeader(target), connection: 'close' },
    setHost: false,
  });
  outgoing.on('response', (reply) => {
    // Whatever the host answers must not be able to end this process, which serves every sandbox.
    try {
      res.writeHead(reply.statusCode ?? 502, endToEndHeaders(reply.headers));
    } catch (error) {
      reply.destroy();
      return fail(error);
    }
    reply.pipe(res);
    reply.on('error', fail);
  });
  outgoing.on('upgrade', (_reply, socket) => {
    socket.destroy();
    fail(new Error('the host wants to speak another protocol'));
  });
  outgoing.on('error', fail);
  res.on('close', () => upstream.destroy());
  req.pipe(outgoing);
}

function refuse(res: ServerResponse, status: number, reason: string): void {
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(refusalText(reason));
}
