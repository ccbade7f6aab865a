import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks until the answer is what `holds` wants, and gives that answer. Throws with the last one when it takes longer
 * than `timeoutMs`.
 */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  holds: (answer: T) => boolean,
  { timeoutMs = 20_000, everyMs = 50 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<T> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (Date.now() > until) throw new Error(`Not so within ${timeoutMs} ms; last seen: ${JSON.stringify(answer)}`);
    await sleep(everyMs);
  }
}
