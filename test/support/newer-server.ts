import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** Words that only a later version will have, by the field that says them. */
const NEWER: Record<string, string> = {
  status: 'paused',
  state: 'parked',
  tokenState: 'parked',
  type: 'teleported',
  action: 'session.teleport',
  delivery: 'telepathy',
  access: 'admire',
  way: 'zfs',
  step: 'teleport',
  stream: 'trace',
};

export interface NewerServer extends AsyncDisposable {
  url: string;
}

/**
 * Stands before an API and answers as a later version would: every object of an answer has fields that this one does not
 * know, and fields with a known set of words say others. Requests and refusals pass as they are.
 */
export async function startNewerServer(apiUrl: string): Promise<NewerServer> {
  const server = createServer((req, res) => {
    forward(apiUrl, req, res).catch(() => res.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function forward(apiUrl: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const leaving = new AbortController();
  res.on('close', () => leaving.abort());
  const body = await text(req);
  const headers = new Headers();
  const dropped = ['host', 'connection', 'content-length', 'accept-encoding', 'origin', 'referer'];
  for (const [name, value] of Object.entries(req.headers)) {
    if (typeof value === 'string' && !dropped.includes(name)) headers.set(name, value);
  }
  const answer = await fetch(`${apiUrl}${req.url}`, {
    method: req.method ?? 'GET',
    headers,
    signal: leaving.signal,
    ...(body !== '' && { body }),
  });
  const type = answer.headers.get('content-type') ?? '';
  const kept = ['content-type', 'set-cookie', 'content-security-policy', 'location'];
  for (const [name, value] of answer.headers) if (kept.includes(name)) res.appendHeader(name, value);
  res.writeHead(answer.status);
  res.flushHeaders();
  if (type.startsWith('text/event-stream') && answer.body !== null) {
    let rest = '';
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) res.write(`${newerMessage(block)}\n\n`);
    }
    res.end();
  } else if (type.startsWith('application/json')) {
    res.end(JSON.stringify(newer(await answer.json())));
  } else {
    res.end(Buffer.from(await answer.arrayBuffer()));
  }
}

function newerMessage(block: string): string {
  return block.replace(/^data: (.*)$/m, (_line, data: string) => `data: ${JSON.stringify(newer(JSON.parse(data)))}`);
}

function newer(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(newer);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, part]) => {
    if (name === 'scopes') return [name, [...(part as string[]), 'admire']];
    if (name === 'failure' && part !== null) return [name, { ...(newer(part) as object), code: 'martians' }];
    // Of tallies, names are what the words are elsewhere.
    if (typeof part === 'string' && name in NEWER) return [name, NEWER[name]];
    return [name, newer(part)];
  });
  // A map of one kind of value gets another of them.
  const isTally = Object.values(value).every((part) => typeof part === 'number');
  const isTexts = Object.values(value).every((part) => typeof part === 'string') && !('id' in value);
  return { ...Object.fromEntries(fields), newField: isTexts ? 'new' : isTally ? 1 : { deep: [1] } };
}
