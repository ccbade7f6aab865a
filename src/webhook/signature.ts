import { createHmac } from 'node:crypto';
import type { Secret } from '../token/secret.ts';

/** What is sent with a message so that its receiver can tell who sent it, and whether it had it before. */
export interface WebhookHeaders {
  'webhook-id': string;
  'webhook-timestamp': string;
  'webhook-signature': string;
}

/**
 * The headers of one try. `secret` is `whsec_` and base64. Source: Standard Webhooks 1.0.0, "Symmetric"; the timestamp is
 * that of the try, since receivers refuse old ones.
 */
export function signWebhook(
  secret: Secret,
  { id, body, now }: { id: string; body: string; now: Date },
): WebhookHeaders {
  const timestamp = `${Math.floor(now.getTime() / 1_000)}`;
  const key = Buffer.from(secret.reveal().slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
