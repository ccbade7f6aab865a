import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname } from 'node:path';
import { makeDir } from '../ops/shared-dir.ts';

/**
 * Answers `GET /healthz` on a Unix socket of this user's: 200 where `problem` is null, else 503 with it. Rejects when it
 * cannot listen there.
 */
export async function serveHealth(socket: string, problem: () => string | null): Promise<{ close(): Promise<void> }> {
  const server = createServer((_req, res) => {
    const found = problem();
    res.writeHead(found === null ? 200 : 503, { 'content-type': 'text/plain' });
    res.end(found ?? 'ok');
  });
  await makeDir(dirname(socket), 0o700);
  await rm(socket, { force: true });
  server.listen(socket);
  await once(server, 'listening');
  await chmod(socket, 0o600);
  return {
    async close() {
      server.close();
      server.closeAllConnections();
      await rm(socket, { force: true });
    },
  };
}
