/** What a receiver is told of: a session's `status` became running, became final, and nothing of it is left. */
export const WEBHOOK_TYPES = ['session.running', 'session.ended', 'session.settled'] as const;

export type WebhookType = (typeof WEBHOOK_TYPES)[number];

/** A step of a session that its receiver has not confirmed yet: one entry of the outbox. Times are ISO 8601 UTC. */
export interface WebhookMessage {
  type: WebhookType;
  /** When it happened. */
  time: string;
  /** The exact text that is signed and sent, by every try the same; null before the first. */
  body: string | null;
  /** Tries begun. */
  attempts: number;
  /** Not to be tried before this. While a try is under way: when another sender takes that for dead. */
  nextTryAt: string;
}

/** A session's receiver with what is still to be told it. Address and secret are sealed: both can be a capability. */
export interface SessionWebhook {
  /** The address as far as it may be shown. */
  shownUrl: string;
  /** The whole address and the secret, sealed by the API to the minter's public key; null when no more is to be sent. */
  sealed: string | null;
  /** The outbox. It changes in the same step as what it tells of. */
  messages: WebhookMessage[];
  /** What was put into it so far, so that nothing is told twice. */
  told: WebhookType[];
  delivered: number;
  /** Given up for good. */
  failed: number;
  /** The receiver said that it is gone (410): nothing more is sent. */
  disabledAt: string | null;
  lastAttemptAt: string | null;
  /** HTTP status of the last try; null when there was no answer. */
  lastStatus: number | null;
  /** Why the last try failed. */
  lastError: string | null;
}

export function newWebhook({ shownUrl, sealed }: Pick<SessionWebhook, 'shownUrl' | 'sealed'>): SessionWebhook {
  return {
    shownUrl,
    sealed,
    messages: [],
    told: [],
    delivered: 0,
    failed: 0,
    disabledAt: null,
    lastAttemptAt: null,
    lastStatus: null,
    lastError: null,
  };
}

/**
 * `webhook-id`: a session takes each of these steps once, so that its name is the message's, also where a store that was
 * lost has it taken again.
 */
export function messageId(sessionId: string, type: WebhookType): string {
  return `msg_${sessionId}_${type.slice('session.'.length)}`;
}

/** The next time at which something is to be sent; null when nothing is. */
export function nextTryMs({ messages }: SessionWebhook): number | null {
  const times = messages.map(({ nextTryAt }) => Date.parse(nextTryAt));
  return times.length === 0 ? null : Math.min(...times);
}
