import { setTimeout as sleep } from 'node:timers/promises';
import type { Rig } from '../faults/rig/rig.ts';
import type { Action } from './schedule.ts';

/**
 * Does everything at its time. Resolves when all of it is done, each session accepted and everything that was broken
 * mended; rejects when a session was not accepted. After the signal nothing new begins.
 */
export async function perform(rig: Rig, schedule: Action[], signal: AbortSignal): Promise<void> {
  const began = performance.now();
  const underWay: Promise<unknown>[] = [];
  let engine = Promise.resolve();
  let redis = Promise.resolve();

  const begin = (action: Action): Promise<unknown> => {
    if (action.kind === 'session') return rig.workload.start(action.shape);
    if (action.kind === 'provider') return outage(rig, action);
    // One and the same is not killed while it is still on its way back.
    if (action.target === 'engine') return (engine = engine.then(() => killEngine(rig, action.backAfterMs)));
    if (action.target === 'redis') return (redis = redis.then(() => killRedis(rig, action.backAfterMs)));
    return rig.stack.stop(action.target, 'SIGKILL');
  };

  for (const action of schedule) {
    await sleep(Math.max(0, action.atMs - (performance.now() - began)), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const work = begin(action);
    // Looked at below; until then it is nobody's unhandled rejection.
    work.catch(() => undefined);
    underWay.push(work);
  }
  await Promise.all(underWay);
}

async function outage({ provider }: Rig, { call, fault, forMs }: Extract<Action, { kind: 'provider' }>): Promise<void> {
  provider.fail(call, fault);
  await sleep(forMs);
  provider.mend();
}

async function killEngine({ engine }: Rig, backAfterMs: number): Promise<void> {
  await engine?.kill();
  await sleep(backAfterMs);
  await engine?.start({ liveRestore: true });
}

async function killRedis({ stack }: Rig, backAfterMs: number): Promise<void> {
  await stack.redis.kill();
  await sleep(backAfterMs);
  await stack.redis.restart();
}
