import {
  loadApiConfig,
  loadGatewayConfig,
  loadGitHostConfig,
  loadMinterConfig,
  loadWardenConfig,
  loadWorkerConfig,
  type ListenAddress,
} from '../config.ts';
import { askHealth, type Address } from './ask.ts';

const TIMEOUT_MS = 4_000;
/** Three reports of a worker are missing. */
const SILENT_MS = 15_000;

/** How a role is asked whether it can do its work, with the settings that it has itself. Each throws with why it cannot. */
export const HEALTH_CHECKS: Record<string, () => Promise<void>> = {
  api: () => askHealth(hereAt(loadApiConfig().listen), '/readyz', TIMEOUT_MS),
  'git-host': () => askHealth(hereAt(loadGitHostConfig().listen), '/healthz', TIMEOUT_MS),
  minter: () => askHealth({ socketPath: loadMinterConfig().socket }, '/healthz', TIMEOUT_MS),
  gateway: () => askHealth({ socketPath: loadGatewayConfig().healthSocket }, '/healthz', TIMEOUT_MS),
  warden: () => askHealth({ socketPath: loadWardenConfig().socket }, '/_ping', TIMEOUT_MS),
  worker: requireHeartbeat,
};

/** One that listens on every address of its container is asked on one of them. */
function hereAt({ host, port }: ListenAddress): Address {
  return { host: host === '0.0.0.0' ? '127.0.0.1' : host, port };
}

/** A worker answers nobody; it says in Redis that it is there. */
async function requireHeartbeat(): Promise<void> {
  const { redisUrl, workerName } = loadWorkerConfig();
  // Not for the others, which are asked more cheaply without it.
  const [{ connectPatientRedis, redisReady }, { listWorkers }] = await Promise.all([
    import('../store/redis.ts'),
    import('../store/workers.ts'),
  ]);
  const redis = connectPatientRedis(redisUrl);
  try {
    await redisReady(redis, TIMEOUT_MS);
    const found = (await listWorkers(redis)).find(({ name }) => name === workerName);
    if (found === undefined) throw new Error(`no worker ${workerName} has reported`);
    const silentMs = Date.now() - Date.parse(found.seenAt);
    if (silentMs > SILENT_MS) throw new Error(`${workerName} has not reported for ${Math.round(silentMs / 1_000)} s`);
  } finally {
    redis.disconnect();
  }
}
