import { isTokenFinal } from '../token/state.ts';
import type { LedgerFacts, SpoolFile } from './facts.ts';
import type { Violation } from './violation.ts';

/**
 * Every active token of this spool's minter has its file; every file is of a token that is not over, and tells of the same
 * value. Those of other minters are in the spools of their hosts.
 */
export function checkSpool({ tokens }: LedgerFacts, files: SpoolFile[], minterName: string): Violation[] {
  const line = new Map(tokens.map((one) => [one.id, one]));
  const spooled = new Set(files.map(({ token }) => token?.tokenId));
  const stray = files.flatMap(({ file, token }): string[] => {
    if (token === null) return [`The spool holds ${file}, which cannot be read as a token`];
    const known = line.get(token.tokenId);
    if (known === undefined) return [`The spool holds ${token.tokenId}, and the ledger does not know it`];
    if (isTokenFinal(known.state)) return [`The spool holds ${known.id}, and the ledger says ${known.state}`];
    if (known.fingerprint !== null && known.fingerprint !== token.fingerprint) {
      return [`The spool has ${token.fingerprint} for ${known.id}, and the ledger ${known.fingerprint}`];
    }
    return [];
  });
  const missing = tokens
    .filter(({ id, state, minter }) => state === 'active' && (minter ?? minterName) === minterName && !spooled.has(id))
    .map(({ id, sessionId }) => `Token ${id} of session ${sessionId} is active, and the spool does not hold it`);
  return [...stray, ...missing].map((sentence) => ({ law: 'spool', sentence }));
}
