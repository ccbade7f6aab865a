import { advance, readDecisions } from '../../src/egress/decisions/decision-reader.ts';
import { sandboxDecisionsDir } from '../../src/egress/layout.ts';
import type { WorkerDeps } from '../deps.ts';
import { tell } from '../tell.ts';

/**
 * What the gateway decided for an ended session and no worker has told of, as when its worker died with it: how much it was.
 * Nobody has the session's secrets any more, so no name that its agent chose is told.
 */
export async function tellRest(
  deps: Pick<WorkerDeps, 'redis' | 'config' | 'masks'>,
  sessionId: string,
  sandboxId: string,
): Promise<void> {
  const dir = sandboxDecisionsDir(deps.config.runDir, sandboxId);
  const { lines, from, to } = await readDecisions(dir);
  if (lines.length === 0) return;
  const suppressed = lines.reduce((sum, line) => sum + ('omitted' in line ? (line.omitted ?? 0) : 1), 0);
  await tell(deps, sessionId, { type: 'network', detail: { suppressed, atLeast: false } });
  await advance(dir, { ...to, told: from.told + 1 });
}
