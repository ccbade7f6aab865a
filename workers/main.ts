import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadWorkerConfig } from '../src/config.ts';
import { SANDBOX_IMAGE } from '../src/images/sandbox-image.ts';
import { extractTools } from '../src/images/extract-tools.ts';
import { armFailpoints } from '../src/ops/failpoints.ts';
import { createLogger } from '../src/ops/log.ts';
import { closeOnSignals } from '../src/ops/shutdown.ts';
import { openSessionsQueue } from '../src/queue/sessions-queue.ts';
import { connectDocker } from '../src/runtime/docker/connect.ts';
import { createDockerRuntime } from '../src/runtime/docker/docker-runtime.ts';
import { repoHostOf } from '../src/session/repo-host.ts';
import { listenForChanges } from '../src/store/changes.ts';
import { connectPatientRedis, redisReady, requireDurableRedis } from '../src/store/redis.ts';
import { forgetWorker } from '../src/store/workers.ts';
import { createMinterClient } from '../src/token/minter/client.ts';
import type { WorkerDeps } from './deps.ts';
import { startHeartbeat } from './heartbeat.ts';
import { nameFiles } from './name-files.ts';
import { runReconciler } from './reconciler.ts';
import { startSessionWorker } from './session-worker.ts';

process.title = 'daypass-worker';
const REDIS_TIMEOUT_MS = 30_000;

const config = loadWorkerConfig();
armFailpoints(config.failpoints);
const log = createLogger('worker', config.logLevel);
const repoHost = repoHostOf(config.repoOrigin);
const docker = connectDocker(config.dockerHost);
const runtime = createDockerRuntime({ docker, installation: config.installation });
await runtime.ping();
await mkdir(config.runDir, { recursive: true, mode: 0o711 });

const redis = connectPatientRedis(config.redisUrl);
const subscriber = connectPatientRedis(config.redisUrl);
const blocking = connectPatientRedis(config.redisUrl);
await redisReady(redis, REDIS_TIMEOUT_MS);
await requireDurableRedis(redis);

const deps: WorkerDeps = {
  config,
  log,
  redis,
  queue: openSessionsQueue(redis),
  changes: await listenForChanges(subscriber),
  minter: createMinterClient(config.minterSocket),
  runtime,
  toolsDir: await extractTools({ docker, image: SANDBOX_IMAGE, toDir: join(config.runDir, 'tools') }),
  nameFiles: await nameFiles(config.runDir, repoHost),
  repoHost,
  running: new Set(),
};

const closing = new AbortController();
const stopHeartbeat = await startHeartbeat(deps);
const reconciling = runReconciler(deps, closing.signal);
const worker = startSessionWorker(deps, blocking);
await worker.waitUntilReady();
log.info({ name: config.workerName, concurrency: config.concurrency }, 'worker ready');

closeOnSignals(log, [
  {
    name: 'reconciler',
    timeoutMs: 5_000,
    close: async () => {
      closing.abort();
      await reconciling;
    },
  },
  {
    // Sessions that still run are not waited for: they belong to the queue, not to this process.
    name: 'queue',
    timeoutMs: 2_000,
    close: async () => {
      await worker.pause(true);
      stopHeartbeat();
      await forgetWorker(redis, config.workerName);
    },
  },
]);
