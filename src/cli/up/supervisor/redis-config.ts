import { join } from 'node:path';

/**
 * What the embedded Redis must be like: nothing that it acknowledged is lost, nothing evicted, and only a Unix socket.
 * `dir` may hold no double quote or line break. Source: redis.conf.
 */
export function redisConfig(dir: string): string {
  return `${[
    'port 0',
    `unixsocket "${join(dir, 'redis.sock')}"`,
    'unixsocketperm 700',
    `dir "${dir}"`,
    'appendonly yes',
    'appendfsync always',
    'save ""',
    'maxmemory-policy noeviction',
    'daemonize no',
    'logfile ""',
    'loglevel notice',
  ].join('\n')}\n`;
}
