import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { describe } from '../errors.ts';
import { closeWhenIdle } from './idle.ts';
import { refusalText, type Proxy } from './proxy.ts';
import { splice } from './splice.ts';
import { formatTarget, parseTarget } from './target.ts';

/** A client that was refused has this long to read why and hang up. */
const LINGER_MS = 2_000;

/** CONNECT: a tunnel to the target, for TLS and for git. Resolves when it is over. */
export async function tunnel(req: IncomingMessage, head: Buffer, { judge, dial, log }: Proxy): Promise<void> {
  const client = req.socket;
  const target = parseTarget(req.url ?? '');
  if (target === null) return refuseTunnel(client, '400 Bad Request', 'CONNECT wants HOST:PORT');
  const decision = await judge(target);
  if (!decision.allowed) return refuseTunnel(client, '403 Forbidden', decision.reason);
  let upstream: Socket;
  try {
    upstream = await dial(decision.addresses, target.port);
  } catch (error) {
    log.warn({ target: formatTarget(target), reason: describe(error) }, 'could not connect');
    return refuseTunnel(client, '502 Bad Gateway', `${formatTarget(target)} does not answer`);
  }
  if (client.destroyed) return void upstream.destroy();
  closeWhenIdle(client);
  closeWhenIdle(upstream);
  client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  if (head.length > 0) upstream.write(head);
  await splice(client, upstream);
}

/** Says that the tunnel is there; what the client has sent early is read again. */
export function acceptTunnel(client: Socket, head: Buffer): void {
  client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  if (head.length > 0) client.unshift(head);
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
