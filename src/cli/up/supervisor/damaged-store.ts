import { join } from 'node:path';

/** As Redis says it; source: aof.c of Redis 6.2 and 7, and rdb.c. */
const DAMAGED =
  /(Bad file format|Unexpected end of file) reading the append only file|(Wrong signature|Short read).*(DB|RDB)/;
const OF_SEVEN = /appendonly\S*\.(?:incr|base)\./;

/** What to do about a file of Redis that is damaged, as lines; none where the end of its log says nothing of that. Pure. */
export function adviceOn(tail: string, redisDir: string): string[] {
  if (!DAMAGED.test(tail)) return [];
  const file = OF_SEVEN.test(tail) ? join('appendonlydir', 'appendonly.aof.manifest') : 'appendonly.aof';
  return [
    '',
    'The file of Redis is damaged, as by a disk that was full or a machine that lost its power. What to do:',
    `  1. Keep a copy: cp -a ${redisDir} ${redisDir}.damaged`,
    `  2. Cut it off where the damage begins: redis-check-aof --fix ${join(redisDir, file)}`,
    '  3. Start again. Sessions that were recorded behind the damage are not known any more: their sandboxes are removed,',
    '     and their tokens deleted, which the minter has written down apart from Redis.',
  ];
}
