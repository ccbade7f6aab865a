import { join } from 'node:path';
import { loadEngineConfig } from '../../config.ts';
import { openSessionsQueue } from '../../queue/sessions-queue.ts';
import { connectDocker } from '../../runtime/docker/connect.ts';
import { createEngineApi } from '../../runtime/docker/engine-api.ts';
import { connectRedis, type Redis } from '../../store/redis.ts';
import type { CommandContext } from '../up/commands/context.ts';
import { apiChecks, debtCheck, overdueCheck, type ApiPlace } from './api-checks.ts';
import { notSeen, perform, type Check } from './check.ts';
import { clockCheck, httpClock, redisClock } from './clock-check.ts';
import { diskCheck } from './disk-check.ts';
import { contextCheck, engineChecks } from './engine-checks.ts';
import { hostChecks } from './host-checks.ts';
import { invariantCheck } from './invariant-check.ts';
import { kernelCheck } from './kernel-check.ts';
import { portChecks } from './port-checks.ts';
import { providerCheck } from './provider-check.ts';
import { storeChecks } from './store-checks.ts';
import { toolsCheck } from './tools-check.ts';
import { doctorSees, type RoleConfigs } from './where.ts';

const PLACES = ['run directory', 'memory directory', 'gateway', 'warden', 'minter', 'disk way'];
const TOOLS = 'tools directory';
const SERVICES = ['repo host', 'Redis', 'seal keys'];

/**
 * Looks at everything that Daypass needs and promises, a line each, and says how to mend what is wrong, and what cannot be
 * seen from here. 0: nothing is wrong.
 */
export async function doctor({ env, root, progress }: Omit<CommandContext, 'args'>): Promise<number> {
  const sees = await doctorSees({ env, root });
  const examine = async (checks: readonly Check[]): Promise<boolean> => {
    let isWell = true;
    for (const check of checks) {
      const { lines, holds } = await perform(check);
      for (const line of lines) progress.line(line);
      isWell &&= holds;
    }
    return isWell;
  };
  if (sees.what === 'api') return (await examine(remoteChecks(sees.api))) ? 0 : 1;
  if (sees.what === 'machine') {
    const { dockerHost, certDir } = loadEngineConfig(env);
    const docker = connectDocker(dockerHost, certDir);
    const rest = notSeen([...PLACES, ...SERVICES, 'API'], sees.why);
    const seen = [
      contextCheck(env),
      ...engineChecks(docker),
      toolsCheck(sees.toolsDir, null),
      ...portChecks(sees.ports),
    ];
    return (await examine([...seen, ...rest])) ? 0 : 1;
  }
  const redis = connectRedis(sees.configs.worker.redisUrl);
  const queue = openSessionsQueue(redis);
  // Without a listener a Redis that is away would end the process; the checks see it by their rejected calls.
  queue.on('error', () => undefined);
  try {
    return (await examine([
      ...portChecks(sees.ports),
      contextCheck(env),
      ...allChecks(sees.configs, sees.api, { redis, queue }),
    ]))
      ? 0
      : 1;
  } finally {
    redis.disconnect();
    await queue.close().catch(() => undefined);
  }
}

function remoteChecks(api: ApiPlace): Check[] {
  const why = `as DAYPASS_API_URL is all that is known of ${api.url}; run daypass doctor on its machine too`;
  return [
    ...apiChecks(api),
    debtCheck(api),
    overdueCheck(api),
    clockCheck([httpClock('the API', `${api.url}/healthz`)]),
    ...notSeen(['Docker engine and its image', TOOLS, ...PLACES, ...SERVICES, 'invariants'], why),
  ];
}

function allChecks(
  { worker, warden, minter }: RoleConfigs,
  api: ApiPlace,
  { redis, queue }: { redis: Redis; queue: ReturnType<typeof openSessionsQueue> },
): Check[] {
  const docker = connectDocker(warden.dockerHost, warden.certDir);
  const { runDir, memoryDir, toolsDir, disks, installation } = warden;
  const { relace, sealKeys, spoolDir } = minter;
  const { minterSocket, wardenSocket } = worker;
  const wardenApi = createEngineApi({ socketPath: wardenSocket });
  return [
    ...engineChecks(docker),
    ...hostChecks({ runDir, memoryDir, minterSocket, wardenSocket }),
    toolsCheck(toolsDir, wardenApi),
    diskCheck(wardenApi),
    kernelCheck(worker.concurrency),
    providerCheck(relace),
    ...storeChecks({ redis, isStated: minter.isRedisStated, sealKeys, spoolDir }),
    ...apiChecks(api),
    clockCheck([
      redisClock(redis),
      httpClock('the API', `${api.url}/healthz`),
      httpClock('the repo host', relace.baseUrl),
    ]),
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
