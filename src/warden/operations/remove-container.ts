import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { failpoint } from '../../ops/failpoints.ts';
import type { WardenDeps } from '../deps.ts';
import { hasStarted, inspectAny, isOurs, orNull } from '../engine/container.ts';
import { endProcesses } from '../places/end-processes.ts';
import { noSuchContainer, WardenRefusal } from '../refusal.ts';
import { route } from '../route.ts';

const GONE_TIMEOUT_MS = 5_000;
const GONE_EVERY_MS = 50;

/**
 * Kills it if need be and removes it, then what it had on the host; answers when the engine knows it no more. Of one that
 * is gone already it removes the rest.
 */
export const removeContainer = route({
  method: 'DELETE',
  path: '/containers/{sandbox}',
  query: z.strictObject({ force: z.literal('true'), v: z.literal('true') }),
  async answer(deps, { sandboxId, signal }) {
    const found = await inspectAny(deps, sandboxId, signal);
    if (found !== null && !isOurs(found, sandboxId, deps.installation)) throw noSuchContainer(sandboxId);
    if (found !== null) await remove(deps, found.Id, signal);
    await failpoint('warden.container_removed');
    if (found === null || !hasStarted(found)) await endProcesses(sandboxId);
    await deps.disks.remove(sandboxId);
    await deps.places.remove(sandboxId);
    return { status: 204 };
  },
});

/** A removal that somebody else began answers 409 and is still under way. */
async function remove(deps: WardenDeps, id: string, signal: AbortSignal): Promise<void> {
  const query = { force: 'true', v: 'true' };
  const path = `/containers/${id}`;
  await orNull([404, 409], deps.engine.call({ method: 'DELETE', path, query, signal, answer: z.null() }));
  const until = Date.now() + GONE_TIMEOUT_MS;
  while ((await inspectAny(deps, id, signal)) !== null) {
    if (Date.now() > until) throw new WardenRefusal(500, `Docker still knows ${id} 5 s after its removal`);
    await sleep(GONE_EVERY_MS);
  }
}
