import { reportWorker } from '../src/store/workers.ts';
import type { WorkerDeps } from './deps.ts';

const EVERY_MS = 5_000;

/** Says who this worker is and what it runs, until the returned function is called. The first report is awaited. */
export async function startHeartbeat(deps: WorkerDeps): Promise<() => void> {
  const startedAt = new Date().toISOString();
  const { workerName: name, concurrency } = deps.config;
  const { disks, capacity } = deps.host;
  const beat = (): Promise<void> =>
    reportWorker(deps.redis, {
      name,
      engine: deps.engineId,
      startedAt,
      seenAt: new Date().toISOString(),
      concurrency,
      running: [...deps.running],
      disks: { way: disks.way, because: disks.way === 'tmpfs' ? disks.because : null },
      capacity,
    });
  await beat();
  const timer = setInterval(() => {
    beat().catch((error: unknown) => deps.log.warn({ err: error }, 'could not report this worker'));
  }, EVERY_MS);
  return () => clearInterval(timer);
}
