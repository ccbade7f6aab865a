import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PIECE = Buffer.alloc(1024 ** 2, 'x');

export interface EndlessServer extends AsyncDisposable {
  readonly socket: string;
  /** Resolves when the client has closed its connection. */
  readonly left: Promise<void>;
  /** Bytes of the answer that were written until now. */
  sent(): number;
}

/** A Unix socket whose server answers every request with JSON that begins as text and never ends. */
export async function startEndlessServer(): Promise<EndlessServer> {
  const dir = await mkdtemp(join(tmpdir(), 'dp-endless-'));
  const socket = join(dir, 'server.sock');
  const { promise: left, resolve } = Promise.withResolvers<void>();
  let sent = 0;
  const server = createServer((_request, response) => {
    response.once('close', resolve).writeHead(200, { 'content-type': 'application/json' });
    response.write('"');
    const more = (): void => {
      while (!response.destroyed) {
        sent += PIECE.length;
        if (!response.write(PIECE)) return void response.once('drain', more);
      }
    };
    more();
  }).listen(socket);
  await once(server, 'listening');
  return {
    socket,
    left,
    sent: () => sent,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
