import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadWorkerConfig } from '../src/config.ts';
import { SANDBOX_IMAGE } from '../src/images/sandbox-image.ts';
import { extractTools } from '../src/images/extract-tools.ts';
import { armFailpoints } from '../src/ops/failpoints.ts';
import { createLogger } from '../src/ops/log.ts';
import { closeOnSignals } from '../src/ops/shutdown.ts';
import { openMemoryDir } from '../src/runtime/memory-dir.ts';
import { openSessionsQueue } from '../src/queue/sessions-queue.ts';
import { connectDocker } from '../src/runtime/docker/connect.ts';
import { createDockerRuntime } from '../src/runtime/docker/docker-runtime.ts';
import { repoHostOf } from '../src/session/repo-host.ts';
import { listenForChanges } from '../src/store/changes.ts';
import { connectPatientRedis, redisReady, requireDurableRedis } from '../src/store/redis.ts';
import { forgetWorker } from '../src/store/workers.ts';
import { createMasks } from '../src/token/masks.ts';
import { createMinterClient } from '../src/token/minter/client.ts';
import type { WorkerDeps } from './deps.ts';
import { startHeartbeat } from './heartbeat.ts';
import { holdMasks } from './hold-masks.ts';
import { nameFiles } from './name-files.ts';
import { createPresence } from './presence.ts';
import { runReconciler } from './reconcile/reconciler.ts';
import { allLeft } from './run-here.ts';
import { startSessionWorker } from './session-worker.ts';
import { runSender, senderDeps } from './webhooks/sender.ts';

process.title = 'daypass-worker';
const REDIS_TIMEOUT_MS = 30_000;

const config = loadWorkerConfig();
armFailpoints(config.failpoints);
const masks = createMasks();
const log = createLogger('worker', config.logLevel, (line) => masks.line(line));
const repoHost = repoHostOf(config.repoOrigin);
const docker = connectDocker(config.dockerHost);
const memoryDir = await openMemoryDir(config.memoryDir);
const runtime = createDockerRuntime({ docker, installation: config.installation, memoryDir });
await runtime.ping();
await mkdir(config.runDir, { recursive: true, mode: 0o711 });

const redis = connectPatientRedis(config.redisUrl);
const subscriber = connectPatientRedis(config.redisUrl);
const blocking = connectPatientRedis(config.redisUrl);
await redisReady(redis, REDIS_TIMEOUT_MS);
await requireDurableRedis(redis);

const closing = new AbortController();
const deps: WorkerDeps = {
  config,
  log,
  redis,
  queue: openSessionsQueue(redis),
  changes: await listenForChanges(subscriber),
  minter: holdMasks(createMinterClient(config.minterSocket), masks),
  masks,
  runtime,
  engineId: await runtime.engineId(),
  toolsDir: await extractTools({ docker, image: SANDBOX_IMAGE, toDir: join(config.runDir, 'tools') }),
  nameFiles: await nameFiles(config.runDir, repoHost),
  repoHost,
  presence: createPresence(redis),
  running: new Set(),
  closing: closing.signal,
};

const stopHeartbeat = await startHeartbeat(deps);
const reconciling = runReconciler(deps, closing.signal);
const sending = runSender(await senderDeps(deps), closing.signal);
const worker = startSessionWorker(deps, blocking);
await worker.waitUntilReady();
log.info({ name: config.workerName, concurrency: config.concurrency }, 'worker ready');

closeOnSignals(log, [
  {
    // Nothing new is taken; what runs is handed over, and its sandboxes run on.
    name: 'sessions',
    timeoutMs: 5_000,
    close: async () => {
      await worker.pause(true);
      closing.abort();
      await Promise.all([worker.close(), allLeft(deps), reconciling, sending]);
    },
  },
  {
    name: 'worker',
    timeoutMs: 2_000,
    close: async () => {
      stopHeartbeat();
      await forgetWorker(redis, config.workerName);
    },
  },
]);
