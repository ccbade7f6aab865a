import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DockerRelay extends AsyncDisposable {
  readonly socket: string;
  /** From now on there is no engine, and every connection is gone. */
  cut(): Promise<void>;
  /** From now on the engine takes connections and answers nothing. */
  hang(): Promise<void>;
  mend(): Promise<void>;
}

/** The engine's socket under another path, which a test can take away without harm to anybody else. */
export async function openDockerRelay(engine = '/var/run/docker.sock'): Promise<DockerRelay> {
  const dir = await mkdtemp(join(tmpdir(), 'daypass-relay-'));
  const socket = join(dir, 'docker.sock');
  const open = new Set<Socket>();
  const make = () =>
    createServer({ allowHalfOpen: true }, (client) => {
      const upstream = connect({ path: engine, allowHalfOpen: true });
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        open.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          open.delete(from);
          // What was read from it may still be on its way.
          to.destroySoon();
        });
        from.pipe(to);
      }
    });
  const silent = () => createServer((client) => void open.add(client.on('error', () => client.destroy())));
  let server = make();
  const listen = async (next: Server): Promise<void> => {
    server = next.listen(socket);
    await once(server, 'listening');
  };
  const cut = async (): Promise<void> => {
    server.close();
    for (const connection of open) connection.destroy();
    await rm(socket, { force: true });
  };
  const become = async (next: Server): Promise<void> => {
    await cut();
    await listen(next);
  };
  await listen(server);
  return {
    socket,
    cut,
    hang: () => become(silent()),
    mend: () => become(make()),
    async [Symbol.asyncDispose]() {
      await cut();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
