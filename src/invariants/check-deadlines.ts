import { overdueSinceMs } from '../session/overdue.ts';
import type { LedgerFacts } from './facts.ts';
import type { Violation } from './violation.ts';

/** A session past its deadline and grace is final. `endsWithinMs`: how long its end may take besides. */
export function checkDeadlines(
  { sessions }: Pick<LedgerFacts, 'sessions'>,
  nowMs: number,
  endsWithinMs?: number,
): Violation[] {
  return sessions.flatMap((session): Violation[] => {
    const sinceMs = overdueSinceMs(session, nowMs, endsWithinMs);
    if (sinceMs === null) return [];
    const since = new Date(sinceMs).toISOString();
    const sentence = `Session ${session.id} is ${session.status}, and its deadline and grace have been over since ${since}`;
    return [{ law: 'deadlines', sentence }];
  });
}
