import { isEnded } from '../session/status.ts';
import type { LedgerFacts, Remains } from './facts.ts';
import type { Violation } from './violation.ts';

/** What bears the id of a sandbox belongs to a session that goes on, or to a sandbox that waits for one. */
export function checkRemains({ sessions }: LedgerFacts, remains: Remains[]): Violation[] {
  const owner = new Map(sessions.flatMap((session) => (session.sandbox ? [[session.sandbox.id, session]] : [])));
  const pooled = new Set(remains.filter((one) => one.pooled).map(({ sandboxId }) => sandboxId));
  return remains.flatMap(({ kind, sandboxId, place }): Violation[] => {
    const session = owner.get(sandboxId);
    const alive = session !== undefined && !isEnded(session.status);
    if (alive || pooled.has(sandboxId)) return [];
    const whose = session === undefined ? 'no session' : `session ${session.id}, which is ${session.status}`;
    return [{ law: 'remains', sentence: `The ${kind} ${place} is left of sandbox ${sandboxId} of ${whose}` }];
  });
}
