import type { Socket } from 'node:net';
import { describe } from '../errors.ts';
import { closeWhenIdle, whenClosed } from './idle.ts';
import { openingProblem } from './opening/opening-problem.ts';
import { readOpening } from './opening/read-opening.ts';
import { refusalText, type Proxy, type Way } from './proxy.ts';
import { splice } from './splice.ts';
import { shownHost, type Target } from './target.ts';

/** A client that was refused has this long to read why and hang up. */
const LINGER_MS = 2_000;

/** A tunnel that turned out to carry plain HTTP, which goes on as a request. */
export interface HttpTunnel {
  way: Way;
  upstream: Socket;
}

/**
 * CONNECT: a tunnel to the target, for TLS and for git. Unless any bytes may pass, not one goes out before the first ones
 * are known to ask for the same host. Resolves when the tunnel is over, or with what it is when it carries HTTP.
 */
export async function tunnel(client: Socket, target: Target, { admit, dial, log }: Proxy): Promise<HttpTunnel | null> {
  let upstream: Socket | null = null;
  const admitted = await admit(target, () => {
    client.destroy();
    upstream?.destroy();
  });
  if (!('way' in admitted)) return refused(client, admitted.status, admitted.reason);
  const { way } = admitted;
  whenClosed(client, () => way.close());
  try {
    upstream = await dial(way.addresses, target.port);
  } catch (error) {
    // Not where to: an agent may have put its token into the name. The session's events tell it, masked.
    log.debug({ reason: describe(error) }, 'could not connect');
    await way.record('failed', 'nobody answers there');
    way.close();
    return refused(client, 502, `${shownHost(target.host)}:${target.port} does not answer`);
  }
  if (client.destroyed || way.isCut) {
    upstream.destroy();
    return null;
  }
  upstream.on('error', () => upstream?.destroy());
  acceptTunnel(client);
  if (!way.raw) {
    const { opening, bytes } = await readOpening(client);
    const problem = openingProblem(opening, target);
    if (problem !== null) {
      if (!way.isCut) await way.record('refused', problem);
      client.destroy();
      upstream.destroy();
      return null;
    }
    client.unshift(bytes);
    if (opening !== 'late' && opening !== 'ended' && opening.kind === 'http') return { way, upstream };
  }
  await way.record('allowed');
  if (way.isCut || client.destroyed || upstream.destroyed) {
    client.destroy();
    upstream.destroy();
    return null;
  }
  closeWhenIdle(client);
  closeWhenIdle(upstream);
  await splice(client, upstream, way.meters);
  return null;
}

const STATUS_TEXT = { 403: 'Forbidden', 429: 'Too Many Requests', 502: 'Bad Gateway' } as const;

function refused(client: Socket, status: keyof typeof STATUS_TEXT, reason: string): null {
  refuseTunnel(client, `${status} ${STATUS_TEXT[status]}`, reason);
  return null;
}

/** Says that the tunnel is there. */
export function acceptTunnel(client: Socket): void {
  client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
}

/** Answers on the bare connection and ends it. */
export function refuseTunnel(client: Socket, status: string, reason: string): void {
  if (!client.writable) return void client.destroy();
  const body = refusalText(reason);
  const headers = `content-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
  client.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
  // Nobody else reads what the client still sends, and unread its end would never be seen.
  client.resume();
  const timer = setTimeout(() => client.destroy(), LINGER_MS);
  client.once('close', () => clearTimeout(timer));
}
