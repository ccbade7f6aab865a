import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { connectPatientRedis, redisReady, type Redis } from '../../src/store/redis.ts';

export interface TestRedis extends AsyncDisposable {
  /** The path of its Unix socket, as `DAYPASS_REDIS_URL` takes it. */
  readonly url: string;
  /** Where its files lie. */
  readonly dir: string;
  /** One command as its administrator, such as FLUSHALL. */
  command(name: string, ...args: string[]): Promise<unknown>;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Ends the process and keeps its files. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same files and socket. */
  restart(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;

/** A real Redis of the test's own, durable as Daypass demands it. */
export async function startTestRedis(): Promise<TestRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'daypass-redis-'));
  const url = join(dir, 'redis.sock');
  let child = await start(dir, url);

  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  };
  const stop = async (): Promise<void> => {
    await kill();
    await rm(dir, { recursive: true, force: true });
  };
  return {
    url,
    dir,
    async command(name, ...args) {
      const redis = connectPatientRedis(url);
      try {
        return await redis.call(name, ...args);
      } finally {
        redis.disconnect();
      }
    },
    get pid() {
      return child.pid ?? 0;
    },
    kill,
    async restart() {
      await kill();
      child = await start(dir, url);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function start(dir: string, socket: string): Promise<ChildProcess> {
  const settings = {
    port: '0',
    unixsocket: socket,
    dir,
    appendonly: 'yes',
    appendfsync: 'always',
    'maxmemory-policy': 'noeviction',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  const redis = connectPatientRedis(socket);
  try {
    await redisReady(redis, START_TIMEOUT_MS);
  } finally {
    redis.disconnect();
  }
  return child;
}

/** A Redis for all tests of a file, with a connection to it, from before the first to after the last of them. */
export function useTestRedis(): { readonly server: TestRedis; readonly redis: Redis } {
  let server: TestRedis;
  let redis: Redis;
  beforeAll(async () => {
    server = await startTestRedis();
    redis = connectPatientRedis(server.url);
    await redisReady(redis, START_TIMEOUT_MS);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  return {
    get server() {
      return server;
    },
    get redis() {
      return redis;
    },
  };
}
