import { join } from 'node:path';
import { describe } from '../../errors.ts';
import { openSessionsQueue } from '../../queue/sessions-queue.ts';
import { connectDocker } from '../../runtime/docker/connect.ts';
import { createEngineApi } from '../../runtime/docker/engine-api.ts';
import { connectRedis } from '../../store/redis.ts';
import type { CommandContext } from '../up/commands/context.ts';
import { Findings, type Check } from './check.ts';
import { diskCheck } from './disk-check.ts';
import { hostChecks } from './host-checks.ts';
import { invariantCheck } from './invariant-check.ts';
import { kernelCheck } from './kernel-check.ts';
import { providerCheck } from './provider-check.ts';
import { doctorSettings, type RoleConfigs } from './settings.ts';
import { storeChecks } from './store-checks.ts';

/** Looks at everything that Daypass needs and promises, a line each, and says how to mend what is wrong. 0: all is well. */
export async function doctor({ env, root, progress }: Omit<CommandContext, 'args'>): Promise<number> {
  const configs = await doctorSettings({ env, root });
  const { worker } = configs;
  const redis = connectRedis(worker.redisUrl);
  const queue = openSessionsQueue(redis);
  // Without a listener a Redis that is away would end the process; the checks see it by their rejected calls.
  queue.on('error', () => undefined);
  let isWell = true;
  try {
    for (const check of checksOf(configs, { redis, queue })) {
      const { lines, holds } = await perform(check);
      for (const line of lines) progress.line(line);
      isWell &&= holds;
    }
  } finally {
    redis.disconnect();
    await queue.close().catch(() => undefined);
  }
  return isWell ? 0 : 1;
}

function checksOf(
  { worker, warden, minter }: RoleConfigs,
  { redis, queue }: { redis: ReturnType<typeof connectRedis>; queue: ReturnType<typeof openSessionsQueue> },
): Check[] {
  const docker = connectDocker(warden.dockerHost);
  const { runDir, memoryDir, disks, installation } = warden;
  const { relace, sealKeys, spoolDir } = minter;
  const sockets = { minterSocket: worker.minterSocket, wardenSocket: worker.wardenSocket };
  return [
    ...hostChecks({ docker, runDir, memoryDir, ...sockets }),
    diskCheck(createEngineApi({ socketPath: worker.wardenSocket })),
    kernelCheck(worker.concurrency),
    providerCheck(relace),
    ...storeChecks({ redis, sealKeys, spoolDir }),
    invariantCheck({
      redis,
      queue,
      docker,
      installation,
      sandboxDirectories: [runDir, memoryDir, disks.dir, join(spoolDir, '..')],
      spoolDir,
      minterName: minter.name,
      provider: relace,
      witness: null,
    }),
  ];
}

async function perform({ name, look, mend }: Check): Promise<{ lines: string[]; holds: boolean }> {
  try {
    return { lines: [`✓ ${name}: ${await look()}`], holds: true };
  } catch (error) {
    const sentences = error instanceof Findings ? error.sentences : [describe(error)];
    return { lines: [...sentences.map((sentence) => `✗ ${name}: ${sentence}`), `  ${mend}`], holds: false };
  }
}
