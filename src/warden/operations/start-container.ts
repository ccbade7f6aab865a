import { z } from 'zod';
import { SessionError } from '../../errors.ts';
import { failpoint } from '../../ops/failpoints.ts';
import { awaitReady } from '../../runtime/init-channel.ts';
import { orNull, ownContainer } from '../engine/container.ts';
import { WardenRefusal } from '../refusal.ts';
import { route } from '../route.ts';

/** A started init reports within milliseconds; a loaded machine may take its time. */
const INIT_TIMEOUT_MS = 30_000;
/** Starting a container takes the engine a second on a busy machine. */
const ENGINE_TIMEOUT_MS = 18_000;

/**
 * Starts it, and answers once its init takes orders and its directory is closed to everybody else in the sandbox. From
 * then on what lies there is changed by init and by nobody else.
 */
export const startContainer = route({
  method: 'POST',
  path: '/containers/{sandbox}/start',
  timeoutMs: ENGINE_TIMEOUT_MS + INIT_TIMEOUT_MS,
  async answer(deps, { sandboxId, signal }) {
    const startSignal = AbortSignal.any([signal, AbortSignal.timeout(ENGINE_TIMEOUT_MS)]);
    const { Id, State } = await ownContainer(deps, sandboxId, startSignal);
    if (!State.Running) await deps.disks.whenMade(sandboxId);
    const path = `/containers/${Id}/start`;
    // 304: it runs already.
    await orNull([304], deps.engine.call({ method: 'POST', path, signal: startSignal, answer: z.null() }));
    await failpoint('warden.container_started');
    const isRunning = async (): Promise<boolean> => (await ownContainer(deps, sandboxId, signal)).State.Running;
    const dir = deps.places.initDirOf(sandboxId);
    const handedOver = deps.disks.handOver(sandboxId);
    handedOver.catch(() => undefined);
    await awaitReady(dir, { timeoutMs: INIT_TIMEOUT_MS, isRunning }).catch((error: unknown) => {
      throw error instanceof SessionError ? new WardenRefusal(500, error.message) : error;
    });
    await deps.places.lock(sandboxId);
    await handedOver;
    return { status: 204 };
  },
});
