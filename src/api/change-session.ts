import type { Decision, SessionFacts } from '../session/decision.ts';
import { readNamedTokenMended } from '../store/mend-token.ts';
import { change, readSession } from '../store/records.ts';
import type { Redis } from '../store/redis.ts';
import type { AuditTrail } from './audit-trail.ts';
import { requireSession, type SessionCall } from './load.ts';

/**
 * Carries a decision about a session out, in one step with its token and the call's audit line. Throws `not_found`, and
 * what `decide` throws.
 */
export async function changeSession(
  redis: Redis,
  call: SessionCall & { audit: AuditTrail | null },
  decide: (facts: SessionFacts) => Decision | null,
): Promise<SessionFacts & { changed: boolean }> {
  const { id: sessionId, audit } = call;
  for (;;) {
    const tokenId = (await readSession(redis, sessionId))?.tokenId ?? null;
    let tokenChanged = false;
    let changed = false;
    if (tokenId !== null) await readNamedTokenMended(redis, tokenId, sessionId);
    const after = await change(redis, { sessionId, tokenId }, (view) => {
      const facts = requireSession(view, call);
      // A token that came up since the look above is not in this view; deciding without it would miss it.
      tokenChanged = facts.session.tokenId !== tokenId;
      const decision = tokenChanged ? null : decide(facts);
      changed = decision !== null;
      return decision && { ...decision, ...(audit && { effects: [audit.effect()] }) };
    });
    if (tokenChanged) continue;
    if (changed) audit?.written();
    return { ...requireSession(after, call), changed };
  }
}
