import type { NewEvent } from '../src/session/event.ts';
import { commit } from '../src/store/commit.ts';
import { eventEffects } from '../src/store/events.ts';
import { keys } from '../src/store/keys.ts';
import type { WorkerDeps } from './deps.ts';

/** Adds a step to a session's life that changes nothing of its record. */
export async function tell({ redis }: Pick<WorkerDeps, 'redis'>, sessionId: string, event: NewEvent): Promise<void> {
  await commit(redis, [], [...eventEffects(sessionId, [event]), ['PUBLISH', keys.changes, sessionId]]);
}
