import { SESSION_STATUSES } from '../session/status.ts';
import { countSessions, countTokens } from '../store/listing.ts';
import { webhookFigures } from '../store/webhooks.ts';
import { TOKEN_STATES } from '../token/state.ts';
import type { ApiDeps } from './deps.ts';
import { overdue } from './overdue.ts';
import { revocationDebt } from './revocation-debt.ts';
import type { Stats } from './schemas/operations.ts';

export type StoreStats = Omit<Stats, 'queue'>;

/** What there is in the store now: of all keys, or of one. */
export async function storeStats(
  { redis, debtAlarmSeconds }: Pick<ApiDeps, 'redis' | 'debtAlarmSeconds'>,
  now: Date,
  keyId: string | null,
): Promise<StoreStats> {
  const [sessions, tokens, debt, overdueSessions, webhooks] = await Promise.all([
    tally(SESSION_STATUSES, (status) => countSessions(redis, status, keyId)),
    tally(TOKEN_STATES, (state) => countTokens(redis, state, keyId)),
    revocationDebt(redis, { alarmSeconds: debtAlarmSeconds, now, keyId }),
    overdue(redis, { now, keyId }),
    keyId === null ? webhookFigures(redis) : null,
  ]);
  return { sessions, tokens, revocationDebt: debt, overdueSessions, webhooks };
}

async function tally<Name extends string>(
  names: Name[],
  count: (name: Name) => Promise<number>,
): Promise<Record<Name, number>> {
  const entries = await Promise.all(names.map(async (name) => [name, await count(name)] as const));
  return Object.fromEntries(entries) as Record<Name, number>;
}
