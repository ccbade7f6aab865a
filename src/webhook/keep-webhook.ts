import type { NewEvent } from '../session/event.ts';
import type { SessionRecord } from '../session/record.ts';
import { isEnded } from '../session/status.ts';
import type { SessionWebhook, WebhookMessage, WebhookType } from './message.ts';

/**
 * The session with what its receiver is to be told of the step from `before`, and without address and secret once there
 * is nothing left to tell. Of a session without a webhook, the session itself. Pure.
 *
 * `isSettled`: token and sandbox are seen to be gone.
 */
export function withMessages(
  before: SessionRecord | null,
  after: SessionRecord,
  { isSettled, now }: { isSettled: boolean; now: Date },
): SessionRecord {
  const { webhook } = after;
  if (!webhook?.sealed) return after;
  const steps: [WebhookType, boolean][] = [
    ['session.running', after.status === 'running' && before?.status !== 'running'],
    ['session.ended', isEnded(after.status)],
    ['session.settled', isEnded(after.status) && isSettled],
  ];
  const fresh = steps.flatMap(([type, isTaken]) => (isTaken && !webhook.told.includes(type) ? [type] : []));
  const told = [...webhook.told, ...fresh];
  const messages = [...webhook.messages, ...fresh.map((type) => newMessage(type, now))];
  const isOver = told.includes('session.settled') && messages.length === 0;
  if (fresh.length === 0 && !isOver) return after;
  return { ...after, webhook: { ...webhook, told, messages, sealed: isOver ? null : webhook.sealed } };
}

function newMessage(type: WebhookType, now: Date): WebhookMessage {
  const time = now.toISOString();
  return { type, time, body: null, attempts: 0, nextTryAt: time };
}

/** What a try came to. */
export interface TryResult {
  /** HTTP status; null when there was no answer. */
  status: number | null;
  /** Why it failed, without the address; null when it did not. */
  error: string | null;
  /** What the receiver asks to wait before the next try, in ms. */
  retryAfterMs?: number;
}

export interface TryDecision {
  webhook: SessionWebhook;
  outcome: 'delivered' | 'again' | 'failed' | 'disabled';
  events: NewEvent[];
}

/**
 * What becomes of a message after a try: a 2xx delivers it, a 410 ends all telling, everything else is tried again until
 * `giveUpAfterMs` after the step, and not before the time that the receiver asks for, up to a day. Pure.
 */
export function afterTry(
  webhook: SessionWebhook,
  message: WebhookMessage,
  { status, error, retryAfterMs = 0 }: TryResult,
  { giveUpAfterMs, pauseMs, now }: { giveUpAfterMs: number; pauseMs: number; now: Date },
): TryDecision {
  const others = webhook.messages.filter(({ type }) => type !== message.type);
  const seen = { ...webhook, lastAttemptAt: now.toISOString(), lastStatus: status, lastError: error };
  const { type, attempts } = message;
  if (error === null) {
    const event: NewEvent = { type: 'webhook_delivered', detail: { message: type, status, attempts } };
    return {
      webhook: { ...seen, messages: others, delivered: webhook.delivered + 1 },
      outcome: 'delivered',
      events: [event],
    };
  }
  if (status === 410) {
    const event: NewEvent = { type: 'webhook_disabled', detail: { message: type, status } };
    const disabled = { ...seen, messages: [], sealed: null, disabledAt: now.toISOString() };
    return {
      webhook: { ...disabled, failed: webhook.failed + webhook.messages.length },
      outcome: 'disabled',
      events: [event],
    };
  }
  const endMs = Date.parse(message.time) + giveUpAfterMs;
  if (now.getTime() >= endMs) {
    const event: NewEvent = { type: 'webhook_failed', detail: { message: type, status, attempts, reason: error } };
    return { webhook: { ...seen, messages: others, failed: webhook.failed + 1 }, outcome: 'failed', events: [event] };
  }
  // The last try is made at the very end of the time, not given up before it.
  const ownMs = Math.min(now.getTime() + pauseMs, Math.max(endMs, now.getTime() + 1_000));
  const askedMs = now.getTime() + Math.min(retryAfterMs, LONGEST_ASKED_MS);
  const nextTryAt = new Date(Math.max(ownMs, askedMs)).toISOString();
  return { webhook: { ...seen, messages: [...others, { ...message, nextTryAt }] }, outcome: 'again', events: [] };
}

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 3_600_000;
const SHORTEST_PAUSE_MS = 500;
const LONGEST_ASKED_MS = 24 * 3_600_000;

/**
 * How long to wait after the try of this number, from 1: full jitter below a ceiling that doubles from 5 s to 1 h, as a
 * receiver that comes back must not meet all who waited for it at once. `random` gives 0 to 1.
 */
export function pauseAfter(attempt: number, random: () => number): number {
  const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 16));
  return Math.max(SHORTEST_PAUSE_MS, Math.round(random() * ceiling));
}
