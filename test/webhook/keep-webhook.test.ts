import { assert, double, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SessionStatus } from '../../src/session/status.ts';
import { afterTry, pauseAfter, withMessages } from '../../src/webhook/keep-webhook.ts';
import { newWebhook, type SessionWebhook, type WebhookMessage } from '../../src/webhook/message.ts';
import { aSession } from '../support/records.ts';

const now = new Date('2026-01-01T00:00:00.000Z');
const HOUR_MS = 3_600_000;
const webhook = newWebhook({ shownUrl: 'https://example.com/…', sealed: 'v1.k.e.c' });
const at = (status: SessionStatus, over: Partial<SessionWebhook> = {}) =>
  aSession({ status, webhook: { ...webhook, ...over } });
const types = (session: ReturnType<typeof aSession>) => session.webhook?.messages.map(({ type }) => type);

describe('what a step puts into the outbox', () => {
  test('is one message for running, one for the end, one when nothing is left', () => {
    const running = withMessages(at('starting'), at('running'), { isSettled: false, now });
    expect(types(running)).toEqual(['session.running']);
    const ended = withMessages(running, { ...running, status: 'failed' }, { isSettled: false, now });
    expect(types(ended)).toEqual(['session.running', 'session.ended']);
    const settled = withMessages(ended, ended, { isSettled: true, now });
    expect(types(settled)).toEqual(['session.running', 'session.ended', 'session.settled']);
    expect(withMessages(settled, settled, { isSettled: true, now })).toBe(settled);
  });

  test('is both at once for a session that ends with nothing left, such as one that was stopped in the queue', () => {
    expect(types(withMessages(at('queued'), at('stopped'), { isSettled: true, now }))).toEqual([
      'session.ended',
      'session.settled',
    ]);
  });

  test('is nothing when the step was told already, or nobody is to be told', () => {
    const told = at('running', { told: ['session.running'] });
    expect(withMessages(at('starting'), told, { isSettled: false, now })).toBe(told);
    const disabled = at('failed', { sealed: null });
    expect(withMessages(at('running'), disabled, { isSettled: true, now })).toBe(disabled);
    const without = aSession({ status: 'failed' });
    expect(withMessages(null, without, { isSettled: true, now })).toBe(without);
  });

  test('erases address and secret once all is told', () => {
    const told = at('failed', { told: ['session.running', 'session.ended', 'session.settled'] });
    expect(withMessages(told, told, { isSettled: true, now }).webhook?.sealed).toBeNull();
  });
});

describe('what becomes of a message after a try', () => {
  const message: WebhookMessage = {
    type: 'session.ended',
    time: now.toISOString(),
    body: '{}',
    attempts: 3,
    nextTryAt: now.toISOString(),
  };
  const full: SessionWebhook = { ...webhook, messages: [{ ...message, type: 'session.running' }, message] };
  const decide = (status: number | null, error: string | null, ageMs = 60_000) =>
    afterTry(
      full,
      message,
      { status, error },
      { giveUpAfterMs: 24 * HOUR_MS, pauseMs: 7_000, now: new Date(now.getTime() + ageMs) },
    );

  test('a 2xx delivers it', () => {
    const { outcome, webhook: after, events } = decide(204, null);
    expect([outcome, after.delivered, after.messages.length, after.lastStatus]).toEqual(['delivered', 1, 1, 204]);
    expect(events.map(({ type }) => type)).toEqual(['webhook_delivered']);
  });

  test('an error has it tried again after the pause, with what went wrong to be seen', () => {
    const { outcome, webhook: after } = decide(500, 'the receiver answered 500');
    expect([outcome, after.lastStatus, after.lastError]).toEqual(['again', 500, 'the receiver answered 500']);
    expect(after.messages.find(({ type }) => type === 'session.ended')?.nextTryAt).toBe('2026-01-01T00:01:07.000Z');
  });

  test('the next try waits as long as the receiver asks, for a day at most, also past the end of the time', () => {
    const nextAfter = (retryAfterMs: number): string | undefined => {
      const result = { status: 429, error: 'the receiver answered 429', retryAfterMs };
      const decided = afterTry(full, message, result, { giveUpAfterMs: 24 * HOUR_MS, pauseMs: 7_000, now });
      return decided.webhook.messages.find(({ type }) => type === 'session.ended')?.nextTryAt;
    };
    expect(nextAfter(1_000)).toBe('2026-01-01T00:00:07.000Z');
    expect(nextAfter(60_000)).toBe('2026-01-01T00:01:00.000Z');
    expect(nextAfter(25 * HOUR_MS)).toBe('2026-01-02T00:00:00.000Z');
  });

  test('the last try is at the end of the time, and then it is given up with an event', () => {
    const late = decide(null, 'no connection', 24 * HOUR_MS - 3_000);
    expect(late.webhook.messages[1]?.nextTryAt).toBe('2026-01-02T00:00:00.000Z');
    const over = decide(null, 'no connection', 24 * HOUR_MS);
    expect([over.outcome, over.webhook.failed, over.webhook.messages.length]).toEqual(['failed', 1, 1]);
    expect(over.events).toMatchObject([{ type: 'webhook_failed', detail: { message: 'session.ended', attempts: 3 } }]);
  });

  test('a 410 ends all telling and erases address and secret', () => {
    const { outcome, webhook: after, events } = decide(410, 'the receiver answered 410');
    expect([outcome, after.sealed, after.messages, after.failed]).toEqual(['disabled', null, [], 2]);
    expect(events.map(({ type }) => type)).toEqual(['webhook_disabled']);
  });
});

test('pauses are jittered below a ceiling that doubles from 5 s to 1 h', () => {
  expect([1, 2, 3, 10, 11, 100].map((attempt) => pauseAfter(attempt, () => 1))).toEqual([
    5_000,
    10_000,
    20_000,
    2_560_000,
    HOUR_MS,
    HOUR_MS,
  ]);
  assert(
    property(integer({ min: 1, max: 1_000 }), double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const pause = pauseAfter(attempt, () => random);
      return pause >= 500 && pause <= HOUR_MS;
    }),
  );
});
