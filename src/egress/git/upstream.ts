import { request, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import { pipeline, Readable } from 'node:stream';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Secret } from '../../token/secret.ts';
import { closeWhenIdle } from '../idle.ts';

export interface UpstreamCall {
  method: 'GET' | 'POST';
  url: URL;
  headers: OutgoingHttpHeaders;
  credential: Secret;
  body?: AsyncIterable<Uint8Array>;
  /** Ends the request, and the reading of its answer. */
  signal: AbortSignal;
}

/** One request to the repo host with the credential. Rejects when it does not answer. Redirects are answers like any. */
export type CallUpstream = (call: UpstreamCall) => Promise<IncomingMessage>;

/**
 * `connect` opens a connection to the repo host and to nothing else; the credential is written to no other one. Where the
 * URL says https, the host has to prove its name before that.
 */
export function createUpstream(connect: () => Promise<Socket>): CallUpstream {
  return async ({ method, url, headers, credential, body, signal }) => {
    signal.throwIfAborted();
    const plain = await connect();
    // Whatever becomes of the request, an error of its connection is nobody else's concern.
    plain.on('error', () => undefined);
    closeWhenIdle(plain);
    const socket = url.protocol === 'https:' ? await secure(plain, url.hostname, signal) : plain;
    // The client may have gone while the host was dialled: a request that begins aborted cannot take a body.
    if (signal.aborted) {
      socket.destroy();
      throw signal.reason;
    }
    const outgoing = request({
      createConnection: () => socket,
      method,
      host: url.hostname,
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, host: url.host, authorization: basic(credential), connection: 'close' },
      setHost: false,
      signal,
    });
    outgoing.once('close', () => socket.destroy());
    return answerTo(outgoing, body);
  };
}

/** One promise holds all that can go wrong, also what is thrown at once, so that no rejection is left without a handler. */
function answerTo(outgoing: ClientRequest, body: AsyncIterable<Uint8Array> | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
    if (body === undefined) outgoing.end();
    // A host may answer before it has read all; then the rest is of no use to it.
    else pipeline(Readable.from(body, { objectMode: false }), outgoing, (error) => error && reject(error));
  });
}

async function secure(plain: Socket, servername: string, signal: AbortSignal): Promise<Socket> {
  const socket = connectTls({ socket: plain, servername, ALPNProtocols: ['http/1.1'] });
  socket.on('error', () => undefined);
  try {
    await once(socket, 'secureConnect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    plain.destroy();
    throw error;
  }
}

function basic(credential: Secret): string {
  return `Basic ${Buffer.from(`token:${credential.reveal()}`).toString('base64')}`;
}
