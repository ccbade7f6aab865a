import type { SessionRecord } from '../session/record.ts';
import { nextTryMs } from '../webhook/message.ts';
import type { Effect } from './commit.ts';
import { keys } from './keys.ts';
import type { Redis } from './redis.ts';

/** A session with something to send, and the API key that started it. */
export interface DueWebhook {
  sessionId: string;
  keyId: string;
}

/** Sessions with something to send now, the longest due first. */
export async function dueWebhooks(
  redis: Redis,
  { nowMs, limit }: { nowMs: number; limit: number },
): Promise<DueWebhook[]> {
  const due = await redis.zrange(keys.webhooksDue, '-inf', `${nowMs}`, 'BYSCORE', 'LIMIT', 0, limit);
  if (due.length === 0) return [];
  const keyIds = await redis.hmget(keys.webhookKeys, ...due);
  return due.map((sessionId, index) => ({ sessionId, keyId: keyIds[index] ?? '' }));
}

/** Ids of all sessions whose outbox is not empty. */
export async function waitingWebhooks(redis: Redis): Promise<string[]> {
  return redis.zrange(keys.webhooksDue, '0', '-1');
}

/** What keeps the index of outboxes in step with a session's record. */
export function webhookEffects({ id, keyId, webhook }: SessionRecord): Effect[] {
  if (webhook === undefined) return [];
  const nextMs = nextTryMs(webhook);
  if (nextMs === null) return forgetWebhookEffects(id);
  return [
    ['ZADD', keys.webhooksDue, nextMs, id],
    ['HSET', keys.webhookKeys, id, keyId],
  ];
}

export function forgetWebhookEffects(sessionId: string): Effect[] {
  return [
    ['ZREM', keys.webhooksDue, sessionId],
    ['HDEL', keys.webhookKeys, sessionId],
  ];
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
