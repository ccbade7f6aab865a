import { loadWorkerConfig } from '../src/config.ts';
import { openPlaces } from '../src/egress/policy-files.ts';
import { armFailpoints } from '../src/ops/failpoints.ts';
import { createLogger } from '../src/ops/log.ts';
import { closeOnSignals } from '../src/ops/shutdown.ts';
import { openSessionsQueue } from '../src/queue/sessions-queue.ts';
import { createDockerRuntime } from '../src/runtime/docker/docker-runtime.ts';
import { createEngineApi } from '../src/runtime/docker/engine-api.ts';
import { repoHostOf } from '../src/session/repo-host.ts';
import { listenForChanges } from '../src/store/changes.ts';
import { connectPatientRedis, redisReady, requireDurableRedis } from '../src/store/redis.ts';
import { forgetWorker } from '../src/store/workers.ts';
import { createMasks } from '../src/token/masks.ts';
import { createMinterClient } from '../src/token/minter/client.ts';
import type { WorkerDeps } from './deps.ts';
import { startHeartbeat } from './heartbeat.ts';
import { holdMasks } from './hold-masks.ts';
import { meetWarden } from './meet-warden.ts';
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
const log = createLogger('worker', config.logLevel, (sessionId) =>
  sessionId === null ? masks.all : masks.of(sessionId),
);
const repoHost = repoHostOf(config.repoOrigin);
const warden = createEngineApi({ socketPath: config.wardenSocket });
const host = await meetWarden(warden, log);
await openPlaces(config.runDir);
const runtime = createDockerRuntime({ warden, installation: config.installation, host });

const redis = connectPatientRedis(config.redisUrl);
const subscriber = connectPatientRedis(config.redisUrl);
const blocking = connectPatientRedis(config.redisUrl);
await redisReady(redis, REDIS_TIMEOUT_MS);
await requireDurableRedis(redis, { isStated: config.isRedisStated });

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
  host,
  engineId: host.engineId,
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
