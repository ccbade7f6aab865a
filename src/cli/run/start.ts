import { sessionSchema } from '../../api/schemas/session.ts';
import type { SessionAnswer } from '../client/answers.ts';
import { wasNotSent } from '../client/api-failure.ts';
import { Patience, type PatienceOptions } from '../client/patience.ts';
import type { ApiClient } from '../up/installation/api-client.ts';

/**
 * Starts a session, once: the key makes the API answer with the same session however often it is asked. A first call that
 * nobody can have received fails at once; after one whose answer was lost it goes on asking, since a session may run.
 */
export async function startOnce(
  client: ApiClient,
  { body, idempotencyKey }: { body: unknown; idempotencyKey: string },
  options: PatienceOptions,
): Promise<SessionAnswer> {
  const patience = new Patience(options);
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await client.call('POST', '/v1/sessions', sessionSchema, body, {
        headers: { 'idempotency-key': idempotencyKey },
        signal: options.signal,
      });
    } catch (error) {
      if (isFirst && wasNotSent(error)) throw error;
      await patience.afterFailure(error);
    }
  }
}
