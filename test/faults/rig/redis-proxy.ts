import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Between the roles and Redis: a Unix socket that loses replies when told to. */
export interface RedisProxy extends AsyncDisposable {
  readonly socket: string;
  forwardTo(redisSocket: string): void;
  /**
   * Of the next `times` commands whose name matches, Redis does what it was asked and the reply is lost, with its
   * connection: that is how a lost reply looks over a socket.
   */
  dropReplies(command: RegExp, times: number): void;
  /** How many were lost so far. */
  dropped(): number;
  mend(): void;
}

export async function startRedisProxy(): Promise<RedisProxy> {
  const dir = await mkdtemp(join(tmpdir(), 'dp-rp-'));
  const socket = join(dir, 'redis.sock');
  const open = new Set<Socket>();
  let upstreamPath = '';
  let rule: { command: RegExp; left: number } | null = null;
  let dropped = 0;

  const isDue = (bytes: Buffer): boolean => {
    if (rule === null || rule.left === 0) return false;
    const { command } = rule;
    if (!commandNames(bytes).some((name) => command.test(name))) return false;
    rule.left--;
    return true;
  };

  const server = createServer((client) => {
    const upstream = connect(upstreamPath);
    let due = false;
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
    }
    client.on('data', (bytes) => {
      due ||= isDue(bytes);
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (!due) return void client.write(bytes);
      dropped++;
      client.destroy();
    });
  });
  server.listen(socket);
  await once(server, 'listening');
  return {
    socket,
    forwardTo(redisSocket) {
      upstreamPath = redisSocket;
    },
    dropReplies(command, times) {
      rule = { command, left: times };
    },
    dropped: () => dropped,
    mend() {
      rule = null;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const connection of open) connection.destroy();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Names of the commands that begin in these bytes (RESP: an array whose first bulk string is the name). */
function commandNames(bytes: Buffer): string[] {
  return [...bytes.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n([A-Za-z]+)\r\n/g)].map(([, name = '']) => name);
}
