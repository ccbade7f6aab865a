import { z } from 'zod';
import type { SessionWebhook } from '../../webhook/message.ts';
import { time } from './common.ts';

/** What became of telling a session's receiver. Its whole address and its secret are shown to nobody. */
export const sessionWebhookSchema = z
  .object({
    url: z.string().meta({ description: 'Scheme, host and port.', example: 'https://example.com/…' }),
    waiting: z.int().meta({ description: 'Messages that are not taken yet.' }),
    delivered: z.int(),
    failed: z.int().meta({ description: 'Messages that were given up.' }),
    disabledAt: time.nullable().meta({ description: 'When the receiver answered 410; nothing more is sent then.' }),
    lastAttemptAt: time.nullable(),
    lastStatus: z.int().nullable().meta({ description: 'null: no answer.' }),
    lastError: z.string().nullable(),
  })
  .meta({ id: 'SessionWebhook' });

export function toSessionWebhook(webhook: SessionWebhook | undefined): z.output<typeof sessionWebhookSchema> | null {
  if (webhook === undefined) return null;
  const { shownUrl: url, messages, delivered, failed, disabledAt, lastAttemptAt, lastStatus, lastError } = webhook;
  return { url, waiting: messages.length, delivered, failed, disabledAt, lastAttemptAt, lastStatus, lastError };
}
