import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What an engine says of itself. */
export interface EngineWords {
  version: unknown;
  info: unknown;
}

interface Answer {
  status: number;
  json: unknown;
}

/** A socket that answers as an engine does that there is none of here: what it is, and what is given besides, by path. */
export async function startFakeEngine(
  { version, info }: EngineWords,
  besides: Record<string, Answer> = {},
): Promise<{ host: string } & AsyncDisposable> {
  const dir = await mkdtemp(join(tmpdir(), 'dp-fake-engine-'));
  const socket = join(dir, 'docker.sock');
  const fine = (json: unknown): Answer => ({ status: 200, json });
  const known = { '/version': fine(version), '/info': fine(info), '/_ping': fine('OK') };
  const answers = new Map(Object.entries({ ...known, ...besides }));
  const server = createServer(({ url = '' }, response) => {
    const none = { status: 404, json: { message: `nothing is faked at ${url}` } };
    const { status, json } = answers.get(url.replace(/^\/v[\d.]+/, '').replace(/\?.*/, '')) ?? none;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(json));
  }).listen(socket);
  await once(server, 'listening');
  return {
    host: `unix://${socket}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
