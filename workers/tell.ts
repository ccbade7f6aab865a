import type { NewEvent } from '../src/session/event.ts';
import { commit, type Effect } from '../src/store/commit.ts';
import { eventEffects } from '../src/store/events.ts';
import { keys } from '../src/store/keys.ts';
import type { WorkerDeps } from './deps.ts';
import { whileStoreAway } from './while-store-away.ts';

/** Adds a step to a session's life that changes nothing of its record, with the session's secrets masked. */
export async function tell(
  { redis, masks }: Pick<WorkerDeps, 'redis' | 'masks'>,
  sessionId: string,
  event: NewEvent,
): Promise<void> {
  const effects = [
    ...eventEffects(sessionId, [masks.of(sessionId, event)]),
    ['PUBLISH', keys.changes, sessionId] satisfies Effect,
  ];
  await whileStoreAway(() => commit(redis, [], effects));
}
