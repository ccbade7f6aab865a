import type { NewEvent } from '../src/session/event.ts';
import { commit, type Effect } from '../src/store/commit.ts';
import { eventEffects } from '../src/store/events.ts';
import { keys } from '../src/store/keys.ts';
import type { WorkerDeps } from './deps.ts';
import { whileStoreAway } from './while-store-away.ts';

/** Adds a step to a session's life that changes nothing of its record. Texts from outside in it are masked already. */
export async function tell({ redis }: Pick<WorkerDeps, 'redis'>, sessionId: string, event: NewEvent): Promise<void> {
  const effects = [...eventEffects(sessionId, [event]), ['PUBLISH', keys.changes, sessionId] satisfies Effect];
  await whileStoreAway(() => commit(redis, [], effects));
}
