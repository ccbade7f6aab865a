import { SessionError } from '../../errors.ts';
import { readSession } from '../../store/records.ts';
import { messageId, type WebhookType } from '../../webhook/message.ts';
import { signWebhook, type WebhookHeaders } from '../../webhook/signature.ts';
import { openWebhook } from '../request-secrets.ts';
import type { MinterDeps } from './deps.ts';

/**
 * Signs a message of a session's outbox, as it is written there and for now: nothing of it comes from the caller. The
 * secret stays here; the address is given out, as it is to be dialled by somebody who has no key of anything.
 *
 * Throws `SessionError` with `internal` when the outbox has no such message, or its address and secret are erased.
 */
export async function signMessage(
  { redis, keyRing }: MinterDeps,
  { sessionId, type }: { sessionId: string; type: WebhookType },
): Promise<{ url: string; headers: WebhookHeaders }> {
  const webhook = (await readSession(redis, sessionId))?.webhook;
  const body = webhook?.messages.find((message) => message.type === type)?.body ?? null;
  if (!webhook?.sealed || body === null) {
    throw new SessionError('internal_error', `Session ${sessionId} has no ${type} to be signed`);
  }
  const { url, secret } = await openWebhook(keyRing.keys(), sessionId, webhook.sealed);
  const headers = signWebhook(secret, { id: messageId(sessionId, type), body, now: new Date() });
  return { url: url.reveal(), headers };
}
