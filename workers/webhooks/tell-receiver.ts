import { toSession } from '../../src/api/schemas/session.ts';
import { change, view, type View } from '../../src/store/records.ts';
import { webhookOutcomeEffects } from '../../src/store/webhooks.ts';
import { afterTry, pauseAfter, type TryResult } from '../../src/webhook/keep-webhook.ts';
import type { WebhookMessage } from '../../src/webhook/message.ts';
import { postWebhook } from '../../src/webhook/post.ts';
import { addressesFor } from '../../src/webhook/resolve.ts';
import { webhookUrlProblem } from '../../src/webhook/url.ts';
import type { SenderDeps } from './sender.ts';

const ANSWER_TIMEOUT_MS = 10_000;
const SIGN_TIMEOUT_MS = 5_000;
/** Longer than any try can take: name, signature and answer together. */
const TAKEN_FOR_MS = 30_000;

/**
 * Makes one try of the message of a session that is due first. Taken before it is sent and settled after, each in one
 * step of the record: of several senders one has it, and a message whose sender was killed is sent again, with the same
 * id and the same body.
 */
export async function tellReceiver(deps: SenderDeps, sessionId: string): Promise<void> {
  const message = await take(deps, sessionId);
  if (message === null) return;
  const result = await attempt(deps, sessionId, message);
  await settle(deps, sessionId, message, result);
}

/** The message with its exact body; null when none is due, or another sender was faster. */
async function take({ redis }: SenderDeps, sessionId: string): Promise<WebhookMessage | null> {
  const tokenId = (await view(redis, sessionId)).session?.tokenId ?? null;
  let taken: WebhookMessage | null = null;
  await change(redis, { sessionId, tokenId }, (now) => {
    const nowMs = Date.now();
    const due = firstDue(now, nowMs);
    taken = due && {
      ...due,
      body: due.body ?? bodyOf(now, due),
      attempts: due.attempts + 1,
      nextTryAt: new Date(nowMs + TAKEN_FOR_MS).toISOString(),
    };
    return taken && { session: withMessage(now, taken) };
  });
  return taken;
}

function firstDue({ session }: View, nowMs: number): WebhookMessage | null {
  const due = (session?.webhook?.messages ?? []).filter(({ nextTryAt }) => Date.parse(nextTryAt) <= nowMs);
  return due.toSorted((a, b) => a.nextTryAt.localeCompare(b.nextTryAt))[0] ?? null;
}

/** The session as the API shows it when the message is first sent. */
function bodyOf({ session, token }: View, { type, time }: WebhookMessage): string {
  const data = session && toSession({ session, token }, null);
  return JSON.stringify({ type, timestamp: time, data });
}

function withMessage({ session }: View, message: WebhookMessage) {
  if (!session?.webhook) throw new Error('A session without a webhook has no message');
  const messages = session.webhook.messages.map((other) => (other.type === message.type ? message : other));
  return { ...session, webhook: { ...session.webhook, messages } };
}

async function attempt(deps: SenderDeps, sessionId: string, message: WebhookMessage): Promise<TryResult> {
  const { rules } = deps.config.webhooks;
  const signed = await deps.minter
    .sign(sessionId, message.type, AbortSignal.timeout(SIGN_TIMEOUT_MS))
    .catch((error: unknown) => {
      deps.log.warn({ err: error, sessionId, message: message.type }, 'a webhook could not be signed');
      return null;
    });
  if (signed === null) return { status: null, error: 'the message could not be signed here' };
  // The operator may have changed the rules since the session was accepted.
  if (webhookUrlProblem(signed.url, rules) !== null)
    return { status: null, error: 'the operator does not allow this URL any more' };
  const url = new URL(signed.url);
  const found = await addressesFor(url, rules, deps.names);
  if ('refused' in found) return { status: null, error: found.refused };
  return postWebhook({
    url,
    addresses: found.addresses,
    headers: signed.headers,
    body: message.body ?? '',
    ca: deps.ca,
    timeoutMs: ANSWER_TIMEOUT_MS,
  });
}

async function settle(deps: SenderDeps, sessionId: string, message: WebhookMessage, result: TryResult): Promise<void> {
  const { redis, config } = deps;
  const tokenId = (await view(redis, sessionId)).session?.tokenId ?? null;
  const pause = pauseAfter(message.attempts, Math.random);
  await change(redis, { sessionId, tokenId }, ({ session }) => {
    const webhook = session?.webhook;
    // Another sender has it by now, or the session was forgotten.
    const isOurs = webhook?.messages.some(
      ({ type, nextTryAt }) => type === message.type && nextTryAt === message.nextTryAt,
    );
    if (!session || !webhook || !isOurs) return null;
    const { giveUpAfterMs } = config.webhooks;
    const decision = afterTry(webhook, message, result, { giveUpAfterMs, pauseMs: pause, now: new Date() });
    return {
      session: { ...session, webhook: decision.webhook },
      events: decision.events,
      effects: [
        ...webhookOutcomeEffects('delivered', decision.webhook.delivered - webhook.delivered),
        ...webhookOutcomeEffects('failed', decision.webhook.failed - webhook.failed),
      ],
    };
  });
}
