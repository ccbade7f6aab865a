import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadWorkerConfig } from '../../src/config.ts';
import { decisionsDir, gatewaysDir, policiesDir, sandboxDecisionsDir } from '../../src/egress/layout.ts';
import { openGateway, openPlaces } from '../../src/egress/policy-files.ts';
import { createDockerRuntime } from '../../src/runtime/docker/docker-runtime.ts';
import { eventsOf } from '../../src/store/events.ts';
import { readSession } from '../../src/store/records.ts';
import { createMasks } from '../../src/token/masks.ts';
import type { WorkerDeps } from '../../workers/deps.ts';
import { settleSession } from '../../workers/settle-session.ts';
import { putSession } from '../support/api-rig.ts';
import { useTestRedis } from '../support/redis.ts';
import { startTestWarden, type TestWarden } from '../support/warden.ts';
import { aSandbox } from '../warden/support/sandbox-spec.ts';

const SEGMENTS = 16;

describe('a session that completion handler and reconciler settle at the same time', () => {
  const own = useTestRedis();
  let warden: TestWarden;
  beforeAll(async () => {
    warden = await startTestWarden();
    await openPlaces(warden.host.runDir);
  });
  afterAll(async () => warden[Symbol.asyncDispose]());

  const runtimeOf = ({ api, installation, host }: TestWarden) =>
    createDockerRuntime({ warden: api, installation, host });

  /** What settling needs of a worker; no token is due here. */
  const workerOf = (of: TestWarden): WorkerDeps =>
    ({
      config: loadWorkerConfig({ DAYPASS_REDIS_URL: own.server.url, DAYPASS_RUN_DIR: of.host.runDir }),
      log: pino({ level: 'silent' }),
      redis: own.redis,
      masks: createMasks(),
      runtime: runtimeOf(of),
      engineId: of.host.engineId,
    }) satisfies Partial<WorkerDeps> as unknown as WorkerDeps;

  /** An ended session whose sandbox has a way out, and decisions that nobody has told of. */
  const endedSession = async (sandboxId: string): Promise<string> => {
    const { runDir, engineId } = warden.host;
    const sandbox = { id: sandboxId, image: 'i', engine: engineId, claimedAt: 'then', removedAt: null };
    const { session } = await putSession(own.redis, { status: 'succeeded', sandbox });
    await openGateway({ runDir, policy: { sandboxId, sessionId: session.id, allow: [] } });
    const decisions = sandboxDecisionsDir(runDir, sandboxId);
    for (let i = 1; i <= SEGMENTS; i++) await writeFile(`${decisions}/${i}.ndjson`, '{"atMs":1,"omitted":1}\n');
    return session.id;
  };

  /** Settles it twice, the second time so much later. */
  const settleTwice = async (sessionId: string, laterMs: number): Promise<void> => {
    const deps = workerOf(warden);
    const later = sleep(laterMs).then(() => settleSession(deps, sessionId));
    await Promise.all([settleSession(deps, sessionId), later]);
  };

  /** Types of the events that tell of the end of its sandbox. */
  const told = async (sessionId: string): Promise<string[]> => {
    const types = (await eventsOf(own.redis, sessionId, '0')).map(({ type }) => type);
    return types.filter((type) => type === 'container_removed' || type === 'cleanup_failed');
  };

  const leftovers = async (): Promise<unknown[]> => {
    const { runDir, memoryDir } = warden.host;
    const dirs = [memoryDir, gatewaysDir(runDir), policiesDir(runDir), decisionsDir(runDir)];
    const names = await Promise.all(dirs.map((dir) => readdir(dir)));
    return [...names.flat(), ...(await runtimeOf(warden).list())];
  };

  it('has no trouble with what the other one has removed, whenever that was', { timeout: 240_000 }, async () => {
    for (let round = 0; round < 100; round++) {
      const sandboxId = `sbx_round${round}`;
      await mkdir(`${gatewaysDir(warden.host.runDir)}/${sandboxId}`, { recursive: true });
      const sessionId = await endedSession(sandboxId);
      await settleTwice(sessionId, round / 10);
      expect(await told(sessionId)).toEqual(['container_removed']);
      expect((await readSession(own.redis, sessionId))?.sandbox?.removedAt).toBeTypeOf('string');
    }
    expect(await leftovers()).toEqual([]);
  });

  it('leaves no container, disk or directory either', async () => {
    const runtime = runtimeOf(warden);
    for (let round = 0; round < 6; round++) {
      const spec = aSandbox(warden.host);
      await runtime.create(spec);
      const sessionId = await endedSession(spec.sandboxId);
      await settleTwice(sessionId, round * 20);
      expect(await told(sessionId)).toEqual(['container_removed']);
      expect((await readSession(own.redis, sessionId))?.sandbox?.removedAt).toBeTypeOf('string');
    }
    expect(await leftovers()).toEqual([]);
  });
});
