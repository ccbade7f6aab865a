import { z } from 'zod';
import { LABEL } from '../../runtime/docker/labels.ts';
import { engineStatus } from '../../runtime/docker/engine-error.ts';
import type { WardenDeps } from '../deps.ts';
import { noSuchContainer } from '../refusal.ts';

type Engine = Pick<WardenDeps, 'engine' | 'installation'>;

/** What of a container is read here, and may be told. Paths of the host and its configuration are not among it. */
const container = z.object({
  Id: z.string(),
  Name: z.string(),
  Created: z.string(),
  Image: z.string(),
  State: z.object({
    Status: z.string(),
    Running: z.boolean(),
    Paused: z.boolean(),
    OOMKilled: z.boolean(),
    ExitCode: z.number(),
    StartedAt: z.string(),
    FinishedAt: z.string(),
  }),
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullable() }),
});

export type Container = z.infer<typeof container>;

/** null: the engine knows none by this name or id. */
export async function inspectAny({ engine }: Engine, nameOrId: string, signal: AbortSignal): Promise<Container | null> {
  return orNull([404], engine.call({ method: 'GET', path: `/containers/${nameOrId}/json`, signal, answer: container }));
}

/**
 * The container of one of our sandboxes, found by its name. Whoever acts on it uses the full `Id` in it, which no other
 * container ever has. Throws 404 for every other container there is, as for one that there is not.
 */
export async function ownContainer(deps: Engine, sandboxId: string, signal: AbortSignal): Promise<Container> {
  const found = await inspectAny(deps, sandboxId, signal);
  if (found === null || !isOurs(found, sandboxId, deps.installation)) throw noSuchContainer(sandboxId);
  return found;
}

export function isOurs({ Name, Config }: Container, sandboxId: string, installation: string): boolean {
  const labels = Config.Labels ?? {};
  return Name === `/${sandboxId}` && labels[LABEL.installation] === installation && labels[LABEL.sandbox] === sandboxId;
}

/** Whether the engine knows of a start that came to its end. */
export function hasStarted({ State }: Container): boolean {
  return !State.StartedAt.startsWith('0001');
}

/** These statuses count as "it is so already". */
export async function orNull<T>(statuses: number[], work: Promise<T>): Promise<T | null> {
  return work.catch((error: unknown) => {
    if (statuses.includes(engineStatus(error) ?? 0)) return null;
    throw error;
  });
}
