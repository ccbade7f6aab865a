import type { TokenAnswer } from '../client/answers.ts';
import { age } from '../client/age.ts';
import { table } from '../client/table.ts';

const HEAD = ['STATE', 'FINGERPRINT', 'AGE', 'TOKEN', 'SESSION', 'REPOS'];

/** The ledger for people, a token a line. */
export function tokenTable(tokens: TokenAnswer[], now: Date): string[] {
  const rows = tokens.map((token) => [
    token.state,
    token.fingerprint ?? '-',
    age(now.getTime() - Date.parse(token.mintedAt ?? token.intendedAt)),
    token.id,
    token.sessionId,
    token.repoIds.join(','),
  ]);
  return table(HEAD, rows);
}
