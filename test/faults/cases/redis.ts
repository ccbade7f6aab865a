import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultCase } from '../fault-case.ts';
import { startRunning } from './start-running.ts';

const AWAY_MS = 2_000;
const LONG_AWAY_MS = 20_000;
const PAUSED_MS = 20_000;
const REFUSED_MS = 5_000;

/** Replies of these are lost while sessions go through all of their steps. */
const dropped = (name: string, command: RegExp, times: number): FaultCase => ({
  name: `redis.${name}`,
  survivable: true,
  async run({ redisProxy, workload }) {
    redisProxy.dropReplies(command, times);
    const ids = await workload.startMany(3);
    await Promise.all(ids.map((id) => workload.until(id, ({ status }) => !['queued', 'starting'].includes(status))));
    if (redisProxy.dropped() === 0) throw new Error('no reply was lost');
    redisProxy.mend();
  },
});

const refused = (name: string, setting: string, wrong: string, right: string): FaultCase => ({
  name: `redis.${name}`,
  survivable: true,
  async run(rig) {
    await startRunning(rig);
    await rig.redis.config('SET', setting, wrong);
    await sleep(REFUSED_MS);
    await rig.redis.config('SET', setting, right);
  },
});

export const redisCases: FaultCase[] = [
  {
    name: 'redis.killed',
    survivable: true,
    async run(rig) {
      await startRunning(rig);
      await rig.stack.redis.kill();
      await sleep(AWAY_MS);
      await rig.stack.redis.restart();
    },
  },
  {
    name: 'redis.away_for_20_s',
    survivable: true,
    async run(rig) {
      await startRunning(rig, { lines: 100 });
      await rig.stack.redis.kill();
      await sleep(LONG_AWAY_MS);
      await rig.stack.redis.restart();
    },
  },
  {
    name: 'redis.paused',
    survivable: true,
    async run(rig) {
      await startRunning(rig);
      process.kill(rig.stack.redis.pid, 'SIGSTOP');
      await sleep(PAUSED_MS);
      process.kill(rig.stack.redis.pid, 'SIGCONT');
    },
  },
  dropped('replies_to_scripts_lost', /^eval(sha)?$/i, 12),
  dropped('replies_to_anything_lost', /./, 30),
  refused('writes_refused', 'min-replicas-to-write', '1', '0'),
  refused('full', 'maxmemory', '1', '0'),
  {
    name: 'redis.flushed',
    forgets: true,
    async run(rig) {
      await startRunning(rig);
      await rig.redis.flushall();
    },
  },
];
