import { setTimeout as sleep } from 'node:timers/promises';
import { eventSchema } from '../../api/schemas/event.ts';
import { listOf } from '../../api/schemas/common.ts';
import { sessionSchema } from '../../api/schemas/session.ts';
import type { SessionEventType } from '../../session/event.ts';
import type { SessionAnswer } from '../client/answers.ts';
import type { ApiClient } from '../up/installation/api-client.ts';
import type { StatusLine } from './status-line.ts';

/** A quick start needs no progress. */
const FIRST_LOOK_MS = 400;
const BETWEEN_LOOKS_MS = 1_000;

/** What a session waits for after its last event. */
const WAITS_FOR = new Map<string, string>(
  Object.entries({
    started: 'minting its token',
    token_intended: 'minting its token',
    token_active: 'starting its container',
    container_started: 'claiming its container',
    claimed: 'cloning',
    clone_started: 'cloning',
  } satisfies Partial<Record<SessionEventType, string>>),
);

/** Shows what a session that is slow to start waits for, until it runs or the signal aborts. What fails is left to others. */
export async function showStart(
  client: ApiClient,
  id: string,
  { line, signal }: { line: StatusLine; signal: AbortSignal },
): Promise<void> {
  try {
    await sleep(FIRST_LOOK_MS, undefined, { signal });
    for (;;) {
      const words = await lookAt(client, id, signal);
      if (words === null || signal.aborted) return;
      line.show(words);
      await sleep(BETWEEN_LOOKS_MS, undefined, { signal });
    }
  } catch {
    // Whoever follows the log meets the same trouble, and says so.
  } finally {
    line.clear();
  }
}

async function lookAt(client: ApiClient, id: string, signal: AbortSignal): Promise<string | null> {
  const path = `/v1/sessions/${id}`;
  const session = await client.call('GET', path, sessionSchema, undefined, { signal });
  if (session.status === 'queued') return queuedWords(session);
  if (session.status !== 'starting') return null;
  const { data } = await client.call('GET', `${path}/events?limit=200`, listOf(eventSchema), undefined, { signal });
  const waits = data.map(({ type }) => WAITS_FOR.get(type)).filter((words) => words !== undefined);
  return waits.at(-1) ?? 'starting';
}

function queuedWords({ queuePosition }: SessionAnswer): string {
  return queuePosition === null || queuePosition === 0 ? 'queued, next in line' : `queued, ${queuePosition} before it`;
}
