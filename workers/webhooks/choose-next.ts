import type { DueWebhook } from '../../src/store/webhooks.ts';

/** Tries at once. One that hangs is over after 10 s, so no receiver holds up the others for longer. */
export const AT_ONCE = 64;
/** Of them, those of one API key: whose receivers all hang shall hold up no one else's. */
export const OF_ONE_KEY = 48;

/**
 * What is tried next, of what is due with the longest due first: the turn is that of the API key with the fewest tries
 * under way. `underWay` has the session of each with its key. Pure.
 */
export function chooseNext(due: DueWebhook[], underWay: ReadonlyMap<string, string>): DueWebhook[] {
  const counts = new Map<string, number>();
  for (const keyId of underWay.values()) counts.set(keyId, (counts.get(keyId) ?? 0) + 1);
  const waiting = Map.groupBy(
    due.filter(({ sessionId }) => !underWay.has(sessionId)),
    ({ keyId }) => keyId,
  );
  const chosen: DueWebhook[] = [];
  while (underWay.size + chosen.length < AT_ONCE) {
    const [keyId] = [...waiting.keys()].toSorted((a, b) => (counts.get(a) ?? 0) - (counts.get(b) ?? 0));
    if (keyId === undefined) break;
    const next = (counts.get(keyId) ?? 0) < OF_ONE_KEY ? waiting.get(keyId)?.shift() : undefined;
    if (next === undefined) {
      waiting.delete(keyId);
      continue;
    }
    chosen.push(next);
    counts.set(keyId, (counts.get(keyId) ?? 0) + 1);
  }
  return chosen;
}
