import type { SessionRecord } from '../session/record.ts';
import { mayHold } from '../token/holder.ts';
import type { TokenRecord } from '../token/record.ts';
import type { LedgerFacts, ProviderToken } from './facts.ts';
import type { Violation } from './violation.ts';

/** How the minter names a token at the provider. */
const NAME = /^daypass (ses_\S+)$/;

/**
 * Live at the provider are exactly the tokens of sessions that go on, and at most as many more as the ledger has lines
 * of lost answers. Tokens that bear no session's name are not ours.
 */
export function checkTokens({ sessions, tokens }: LedgerFacts, live: ProviderToken[]): Violation[] {
  const session = new Map(sessions.map((one) => [one.id, one]));
  const line = new Map(tokens.flatMap((one) => (one.fingerprint === null ? [] : [[one.fingerprint, one]])));
  const wrong: string[] = [];
  const unmatched = new Map<string, ProviderToken[]>();
  for (const token of live) {
    const sessionId = NAME.exec(token.name)?.[1];
    if (sessionId === undefined) continue;
    const known = line.get(token.fingerprint);
    if (known === undefined) unmatched.set(sessionId, [...(unmatched.get(sessionId) ?? []), token]);
    else if (!mayLive(known, session.get(sessionId))) wrong.push(overdue(known, session.get(sessionId)));
  }
  for (const [sessionId, found] of unmatched) {
    const excused = tokens.filter((one) => one.sessionId === sessionId && answerIsOut(one)).length;
    const prints = found.map(({ fingerprint }) => fingerprint).join(', ');
    if (found.length > excused) {
      wrong.push(`Token ${prints} of session ${sessionId} lives at the provider, and the ledger does not know it`);
    }
  }
  const fingerprints = new Set(live.map(({ fingerprint }) => fingerprint));
  for (const one of tokens) {
    if (one.state !== 'active' || fingerprints.has(one.fingerprint ?? '')) continue;
    wrong.push(
      `Token ${one.id} of session ${one.sessionId} is active in the ledger, and the provider has no such token`,
    );
  }
  return wrong.map((sentence) => ({ law: 'tokens', sentence }));
}

function mayLive(line: TokenRecord, session: SessionRecord | undefined): boolean {
  if (line.state === 'unknown') return true;
  return line.state === 'active' && mayHold(session ?? null, line, Date.now());
}

/** Its answer was lost, or is still on its way. */
function answerIsOut({ state }: TokenRecord): boolean {
  return state === 'unknown' || state === 'intended';
}

function overdue(
  { id, state, sessionId, attempts, lastError }: TokenRecord,
  session: SessionRecord | undefined,
): string {
  const why = lastError === null ? '' : `; ${attempts} attempts, the last said: ${lastError}`;
  return `Token ${id} of session ${sessionId} (${session?.status ?? 'forgotten'}) still lives at the provider; the ledger says ${state}${why}`;
}
