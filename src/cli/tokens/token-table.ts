import type { WireToken } from '../../api/schemas/token.ts';
import { table } from '../client/table.ts';

const HEAD = ['STATE', 'FINGERPRINT', 'AGE', 'TOKEN', 'SESSION', 'REPOS'];

/** The ledger for people, a token a line. */
export function tokenTable(tokens: WireToken[], now: Date): string[] {
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

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** `3h`: whole ones of the greatest unit that fits. */
function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? (['s', 1] as const);
  return `${Math.floor(seconds / size)}${unit}`;
}
