import { createServer, type Server, type ServerResponse } from 'node:http';
import { BOUNDED_BODIES } from '../../http/bounded-bodies.ts';
import type { WardenDeps } from '../deps.ts';
import { WardenRefusal } from '../refusal.ts';
import type { Answer, Route } from '../route.ts';
import { answerCall } from './answer-call.ts';
import { toAnswer } from './to-answer.ts';

const MAX_HEADER_BYTES = 4 * 1024;
/** For head and body of a request; workers are on the same host. */
const REQUEST_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 512;
const BROKEN: Answer = { status: 500, json: { message: 'Something went wrong in the warden; its log says what' } };

/** Answers one call a connection, so that nothing that follows it can be taken for another one. */
export function createWardenServer(routes: readonly Route[], deps: WardenDeps): Server {
  const server = createServer({
    ...BOUNDED_BODIES,
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: REQUEST_TIMEOUT_MS / 5,
    insecureHTTPParser: false,
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.maxRequestsPerSocket = 1;
  server.on('request', (request, response) => {
    answerCall(routes, deps, request)
      .catch((error: unknown) => {
        const answer = toAnswer(error);
        if (answer === null) deps.log.error({ err: error, method: request.method }, 'a call failed');
        else if (error instanceof WardenRefusal && error.status === 403) {
          deps.log.warn({ method: request.method, reason: error.message }, 'a call was refused');
        }
        return answer ?? BROKEN;
      })
      .then((answer) => send(response, answer))
      .catch(() => response.destroy());
  });
  // Neither is ever in the table: what comes after would be no HTTP any more.
  for (const event of ['upgrade', 'connect'] as const) server.on(event, (_request, socket) => socket.destroy());
  server.on('checkContinue', (_request, response) => send(response, { status: 417 }));
  server.on('checkExpectation', (_request, response) => send(response, { status: 417 }));
  server.on('clientError', (_error, socket) => socket.destroy());
  return server;
}

function send(response: ServerResponse, { status, json }: Answer): void {
  response.writeHead(status, {
    connection: 'close',
    ...(json !== undefined && { 'content-type': 'application/json' }),
  });
  response.end(json === undefined ? undefined : JSON.stringify(json));
}
