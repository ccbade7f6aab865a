import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Authority } from '../rig/authority.ts';
import { anthropicMessages } from './anthropic-messages.ts';
import type { ModelEvent, ModelRequest, WireFormat } from './events.ts';
import { openaiResponses } from './openai-responses.ts';

const FORMATS: readonly WireFormat[] = [anthropicMessages, openaiResponses];

export interface FakeModelOptions {
  authority: Authority;
  /** What the model has the agent run, once. */
  command: string;
}

/** Every vendor's model at once: asks for one shell command, and then says the key that it was called with. */
export interface FakeModel extends AsyncDisposable {
  readonly port: number;
  /** What it was asked, as `METHOD PATH`, since the last call of this. */
  takeRequests(): string[];
}

/** What the model says in the end: a key that must not be seen in a log. */
export function lastWords(key: string): string {
  return `Done, with the key ${key}`;
}

export async function startFakeModel({ authority, command }: FakeModelOptions): Promise<FakeModel> {
  const requests: string[] = [];
  const server = createServer({ cert: authority.cert, key: authority.key }, (req, res) => {
    requests.push(`${req.method} ${req.url}`);
    answer(req, res, command).catch((error: unknown) => res.destroy(error instanceof Error ? error : undefined));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    takeRequests: () => requests.splice(0),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(req: IncomingMessage, res: ServerResponse, command: string): Promise<void> {
  const { pathname } = new URL(req.url ?? '/', 'https://model.invalid');
  const format = FORMATS.find(({ path }) => path === pathname);
  if (format === undefined) return void res.writeHead(404).end('{}');
  // A WebSocket is asked for by GET, and this answer has agents go on with HTTP at once.
  if (req.method !== 'POST') return void res.writeHead(426).end();
  const request = JSON.parse(await text(req)) as ModelRequest;
  const events = nextTurn(format, request, command, keyOf(req.headers));
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  res.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
}

function nextTurn(format: WireFormat, request: ModelRequest, command: string, key: string): ModelEvent[] {
  const tool = format.shellTool(request);
  // Agents also ask for small things, such as a title, and offer no tools then.
  if (tool === null) return format.say('A task');
  return format.hasResult(request) ? format.say(lastWords(key)) : format.callTool(tool, command);
}

function keyOf(headers: IncomingHttpHeaders): string {
  return String(headers['x-api-key'] ?? headers.authorization?.replace(/^Bearer /, '') ?? 'none');
}
