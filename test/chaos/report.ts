import type { LedgerFacts } from '../../src/invariants/facts.ts';
import type { Violation } from '../../src/invariants/violation.ts';
import { isEnded } from '../../src/session/status.ts';
import type { TokenRecord } from '../../src/token/record.ts';

interface Observed {
  ledger: LedgerFacts;
  violations: Violation[];
  minted: number;
  starts: ReadonlyMap<string, number>;
  logs: ReadonlyMap<string, { expected: string[]; found: string[] }>;
  outages: { from: number; to: number | null }[];
  kills: Record<string, number>;
}

/** The table, line by line. */
export function report({ ledger, violations, minted, starts, logs, outages, kills }: Observed): string[] {
  const inState = (state: TokenRecord['state']): number => ledger.tokens.filter((one) => one.state === state).length;
  const succeeded = new Set(ledger.sessions.filter(({ status }) => status === 'succeeded').map(({ id }) => id));
  const lost = [...logs]
    .filter(([id]) => succeeded.has(id))
    .reduce((sum, [, { expected, found }]) => sum + expected.length - found.length, 0);
  const revoked = ledger.tokens.flatMap((token) => revocation(token) ?? []);
  const whileUp = revoked.filter(
    ({ from, to }) => !outages.some((out) => out.from <= to && (out.to ?? Infinity) >= from),
  );
  return [
    row('killed', counts(kills)),
    row('sessions', counts(endings(ledger))),
    row('tokens minted', String(minted)),
    row('tokens deleted', String(inState('revoked'))),
    row('tokens unknown', String(inState('unknown'))),
    row('tokens left over', String(violations.filter(({ law }) => law === 'tokens').length)),
    row('commands run twice', String([...starts.values()].filter((count) => count > 1).length)),
    row('lines lost', String(lost)),
    row('end to refused', figures(revoked)),
    row('  while the provider was up', figures(whileUp)),
  ];
}

/** When the ledger began to want a token gone, and when the provider was seen to refuse it; ms since 1970. */
function revocation({ revokingAt, verifiedAt }: TokenRecord): { from: number; to: number } | null {
  if (revokingAt === null || verifiedAt === null) return null;
  return { from: Date.parse(revokingAt), to: Date.parse(verifiedAt) };
}

function endings({ sessions }: LedgerFacts): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { status, failure } of sessions) {
    const ending = `${isEnded(status) ? '' : 'NOT ENDED '}${status}${failure === null ? '' : ` (${failure.code})`}`;
    found[ending] = (found[ending] ?? 0) + 1;
  }
  return found;
}

function figures(spans: { from: number; to: number }[]): string {
  if (spans.length === 0) return 'none';
  const sorted = spans.map(({ from, to }) => to - from).toSorted((a, b) => a - b);
  /** Nearest rank. */
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms (${sorted.length})`;
}

function counts(found: Record<string, number>): string {
  return Object.entries(found)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

function row(name: string, value: string): string {
  return `  ${name.padEnd(30)} ${value}`;
}
