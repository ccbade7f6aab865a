import type { z } from 'zod';
import type { Reading } from '../../../api/schemas/reading.ts';
import { receiptSchema } from '../../../api/schemas/receipt.ts';

export { receiptSchema };

/** A receipt for people: what was given, and that it is worth nothing any more. */
export function receiptText(receipt: Reading<z.output<typeof receiptSchema>>): string[] {
  const rows: [string, string][] = [
    ['session', receipt.sessionId],
    ['token', `${receipt.fingerprint ?? 'none'} (${receipt.provider ?? 'no provider'})`],
    ['opened', receipt.repoIds.join(', ')],
    ['minted', receipt.mintedAt ?? '-'],
    ['delivered', receipt.deliveredAt ?? '-'],
    ['session ended', receipt.endedAt ?? '-'],
    ['revoked', `${receipt.revokedAt ?? '-'}  (${receipt.attempts} ${receipt.attempts === 1 ? 'call' : 'calls'})`],
    ['seen refused', `${receipt.verifiedAt ?? '-'}  (${receipt.revocationMs ?? '-'} ms after the wish)`],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(14)}${value}`);
}
