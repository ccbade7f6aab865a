import type { SessionFacts } from './decision.ts';
import { whyKept } from './keep.ts';

/** How long things are kept after a session's end. */
export interface RetentionTimes {
  /** Record, events and line in the ledger. */
  sessionsMs: number;
  logsMs: number;
}

export type Retention = 'keep' | 'remove_log' | 'forget';

/** When the log of a session is not kept any more; null while the session lives. */
export function logExpiry({ endedAt }: { endedAt: string | null }, logsMs: number): Date | null {
  return endedAt === null ? null : new Date(Date.parse(endedAt) + logsMs);
}

/** What may go of a session now. Of one that is not settled, nothing: what is left of it is found by its record. */
export function decideRetention(facts: SessionFacts, { sessionsMs, logsMs }: RetentionTimes, now: Date): Retention {
  const { endedAt } = facts.session;
  if (endedAt === null || whyKept(facts, now) !== null) return 'keep';
  const ageMs = now.getTime() - Date.parse(endedAt);
  if (ageMs >= sessionsMs) return 'forget';
  return ageMs >= logsMs ? 'remove_log' : 'keep';
}
