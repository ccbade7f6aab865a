import { advance, readDecisions } from '../../src/egress/decisions/decision-reader.ts';
import { sandboxDecisionsDir } from '../../src/egress/layout.ts';
import type { WorkerDeps } from '../deps.ts';
import { tell } from '../tell.ts';
import { networkEvents } from './network-events.ts';

/**
 * What the gateway decided for an ended session and no worker has told of, as when its worker died with it: how much it was.
 * Nobody has the session's secrets any more, so no name that its agent chose is told.
 */
export async function tellRest(
  deps: Pick<WorkerDeps, 'redis' | 'config'>,
  sessionId: string,
  sandboxId: string,
): Promise<void> {
  const dir = sandboxDecisionsDir(deps.config.runDir, sandboxId);
  const { lines, from, to } = await readDecisions(dir);
  if (lines.length === 0) return;
  for (const event of networkEvents(lines, 0, untold)) await tell(deps, sessionId, event);
  await advance(dir, { ...to, told: from.told + 1 });
}

/** No more than how much it was is told. */
const untold = (): string => '[secret]';
