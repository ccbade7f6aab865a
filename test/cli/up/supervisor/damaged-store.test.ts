import { expect, test } from 'vitest';
import { adviceOn } from '../../../../src/cli/up/supervisor/damaged-store.ts';

test.each([
  [
    '# Bad file format reading the append only file appendonly.aof.1.incr.aof: make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>',
    '/data/redis/appendonlydir/appendonly.aof.manifest',
  ],
  [
    '# Bad file format reading the append only file: make a backup of your AOF file, then use ./redis-check-aof --fix <filename>',
    '/data/redis/appendonly.aof',
  ],
  [
    '# Unexpected end of file reading the append only file. You can: 1) Make a backup of your AOF file, then use ./redis-check-aof --fix <filename>.',
    '/data/redis/appendonly.aof',
  ],
])('a damaged file of Redis is explained with the command that mends it: %s', (tail, file) => {
  expect(adviceOn(tail, '/data/redis').join('\n')).toContain(`redis-check-aof --fix ${file}`);
});

test('nothing is advised where Redis says something else', () => {
  expect(adviceOn('# Could not create server TCP listening socket', '/data/redis')).toEqual([]);
});
