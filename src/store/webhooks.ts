import type { SessionRecord } from '../session/record.ts';
import { nextTryMs } from '../webhook/message.ts';
import type { Effect } from './commit.ts';
import { keys } from './keys.ts';
import type { Redis } from './redis.ts';

/** Ids of sessions with something to send now, the longest due first. */
export async function dueWebhooks(redis: Redis, { nowMs, limit }: { nowMs: number; limit: number }): Promise<string[]> {
  return redis.zrange(keys.webhooksDue, '-inf', `${nowMs}`, 'BYSCORE', 'LIMIT', 0, limit);
}

/** Ids of all sessions whose outbox is not empty. */
export async function waitingWebhooks(redis: Redis): Promise<string[]> {
  return redis.zrange(keys.webhooksDue, '0', '-1');
}

/** What keeps the index of outboxes in step with a session's record. */
export function webhookEffects({ id, webhook }: SessionRecord): Effect[] {
  if (webhook === undefined) return [];
  const nextMs = nextTryMs(webhook);
  return nextMs === null ? forgetWebhookEffects(id) : [['ZADD', keys.webhooksDue, nextMs, id]];
}

export function forgetWebhookEffects(sessionId: string): Effect[] {
  return [['ZREM', keys.webhooksDue, sessionId]];
}

/** Counts, in the step that ends a message, how it ended. */
export function webhookOutcomeEffects(outcome: 'delivered' | 'failed', count: number): Effect[] {
  return count === 0 ? [] : [['HINCRBY', keys.webhookOutcomes, outcome, count]];
}

/** `waiting`: sessions with something to send. */
export async function webhookFigures(redis: Redis): Promise<{ waiting: number; delivered: number; failed: number }> {
  const [waiting, outcomes] = await Promise.all([redis.zcard(keys.webhooksDue), redis.hgetall(keys.webhookOutcomes)]);
  return { waiting, delivered: Number(outcomes['delivered'] ?? 0), failed: Number(outcomes['failed'] ?? 0) };
}
