import type { Decision, SessionFacts } from '../session/decision.ts';
import { change, readSession } from '../store/records.ts';
import type { Redis } from '../store/redis.ts';
import { requireSession } from './load.ts';

/** Carries a decision about a session out, in one step with its token. Throws `not_found`, and what `decide` throws. */
export async function changeSession(
  redis: Redis,
  sessionId: string,
  decide: (facts: SessionFacts) => Decision | null,
): Promise<SessionFacts> {
  for (;;) {
    const tokenId = (await readSession(redis, sessionId))?.tokenId ?? null;
    let tokenChanged = false;
    const after = await change(redis, { sessionId, tokenId }, (view) => {
      const facts = requireSession(view, sessionId);
      // A token that came up since the look above is not in this view; deciding without it would miss it.
      tokenChanged = facts.session.tokenId !== tokenId;
      return tokenChanged ? null : decide(facts);
    });
    if (!tokenChanged) return requireSession(after, sessionId);
  }
}
