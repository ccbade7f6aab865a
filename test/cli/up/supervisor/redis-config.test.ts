import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { redisConfig } from '../../../../src/cli/up/supervisor/redis-config.ts';
import { connectPatientRedis, redisReady } from '../../../../src/store/redis.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('Redis serves in a directory whatever its name is', async () => {
  await using temporary = await temporaryDirectory();
  const dir = join(temporary.path, `its "dir" \\ it's #1 ä`);
  await mkdir(dir);
  await writeFile(join(dir, 'redis.conf'), redisConfig(dir));
  const server = spawn('redis-server', [join(dir, 'redis.conf')], { stdio: 'ignore' });
  const ended = once(server, 'exit');
  const redis = connectPatientRedis(join(dir, 'redis.sock'));
  try {
    await redisReady(redis, 30_000);
    expect(await redis.config('GET', 'dir')).toEqual(['dir', dir]);
  } finally {
    redis.disconnect();
    server.kill('SIGKILL');
    await ended;
  }
});
