import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { describe } from '../errors.ts';
import { boundPieces } from '../http/small-pieces.ts';
import { framingProblem, headBytes, hostProblem, requestHeaders, responseHeaders } from './headers.ts';
import { closeWhenIdle, whenClosed } from './idle.ts';
import { refusalText, type Proxy, type Way } from './proxy.ts';
import { pump } from './pump.ts';
import { formatTarget, readRequestTarget, shownHost, type Target } from './target.ts';
import type { HttpTunnel } from './tunnel.ts';

/** `GET http://host/path`: how clients ask a proxy for plain HTTP. Resolves when the request is on its way. */
export async function forward(req: IncomingMessage, res: ServerResponse, proxy: Proxy): Promise<void> {
  const asked = readRequestTarget(req.url ?? '', null);
  if (asked === null || asked.target === null)
    return turnDown(res, proxy, null, 'A proxy wants a whole http:// address without a user, or CONNECT');
  const { target, path } = asked;
  const problem = framingProblem(req);
  if (problem !== null) return turnDown(res, proxy, target, problem);
  let upstream: Socket | null = null;
  const admitted = await proxy.admit(target, () => {
    req.socket.destroy();
    upstream?.destroy();
  });
  if (!('way' in admitted)) return refuse(res, admitted.status, admitted.reason);
  const { way } = admitted;
  whenClosed(req.socket, () => way.close());
  try {
    upstream = await proxy.dial(way.addresses, target.port);
  } catch (error) {
    proxy.log.debug({ reason: describe(error) }, 'could not connect');
    await way.record('failed', 'nobody answers there');
    return refuse(res, 502, `${shownHost(target.host)}:${target.port} does not answer`);
  }
  await send({ req, res, way, path, upstream, proxy });
}

/**
 * A request in a tunnel that carries plain HTTP: how a program asks that knows no proxy. Its Host must be the one that the
 * tunnel was opened for, or the server may take it to another of its sites.
 */
export async function forwardTunnelled(
  req: IncomingMessage,
  res: ServerResponse,
  { way, upstream }: HttpTunnel,
  proxy: Proxy,
): Promise<void> {
  const asked = readRequestTarget(req.url ?? '', way.target);
  const isThere = asked?.target?.host === way.target.host && asked.target.port === way.target.port;
  const problem = isThere ? (hostProblem(req, way.target) ?? framingProblem(req)) : 'its address is another one';
  if (asked === null || problem !== null) {
    return turnDown(
      res,
      proxy,
      way.target,
      `a request in a tunnel to ${formatTarget(way.target)} was turned down: ${problem}`,
    );
  }
  await send({ req, res, way, path: asked.path, upstream, proxy });
}

interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  way: Way;
  path: string;
  upstream: Socket;
  proxy: Proxy;
}

async function send({ req, res, way, path, upstream, proxy }: Exchange): Promise<void> {
  const { target } = way;
  const fail = (error: unknown): void => {
    if (res.destroyed) return;
    proxy.log.debug({ reason: describe(error) }, 'could not forward');
    if (res.headersSent) res.destroy();
    else refuse(res, 502, `${shownHost(target.host)}:${target.port} does not answer as HTTP`);
  };
  upstream.on('error', fail);
  await way.record('allowed');
  if (res.destroyed || way.isCut || upstream.destroyed) {
    upstream.destroy();
    return fail(new Error('the connection ended'));
  }
  if (way.meters.sent(headBytes(req)) === null) return;
  closeWhenIdle(upstream);
  const outgoing = request({
    createConnection: () => upstream,
    port: target.port,
    method: req.method,
    path,
    headers: requestHeaders(req, target),
    setHost: false,
  });
  outgoing.on('response', (reply) => {
    boundPieces(reply);
    // Whatever the host answers must not be able to end this process, which serves every sandbox.
    try {
      res.writeHead(reply.statusCode ?? 502, { ...responseHeaders(reply.headers), connection: 'close' });
    } catch (error) {
      reply.destroy();
      return fail(error);
    }
    pump(reply, res, way.meters.received);
    reply.on('error', fail);
  });
  outgoing.on('upgrade', (_reply, socket) => {
    socket.destroy();
    fail(new Error('the host wants to speak another protocol'));
  });
  outgoing.on('error', fail);
  res.on('close', () => upstream.destroy());
  pump(req, outgoing, way.meters.sent);
}

/** Refuses what is asked in a wrong way, and writes that down. */
async function turnDown(res: ServerResponse, proxy: Proxy, target: Target | null, reason: string): Promise<void> {
  await proxy.refuse(target, reason);
  refuse(res, 400, reason);
}

/** Answers in words and ends the connection. */
export function refuse(res: ServerResponse, status: number, reason: string): void {
  if (res.destroyed || res.headersSent) return void res.destroy();
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(refusalText(reason));
}
