import { join } from 'node:path';

/**
 * What the embedded Redis must be like: nothing that it acknowledged is lost, nothing evicted, and only a Unix socket.
 * `dir` may hold no line break. Source: redis.conf.
 */
export function redisConfig(dir: string): string {
  return `${[
    'port 0',
    `unixsocket ${quoted(join(dir, 'redis.sock'))}`,
    'unixsocketperm 700',
    `dir ${quoted(dir)}`,
    'appendonly yes',
    'appendfsync always',
    'save ""',
    'maxmemory-policy noeviction',
    'daemonize no',
    'logfile ""',
    'loglevel notice',
  ].join('\n')}\n`;
}

const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
