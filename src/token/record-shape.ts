import { z } from 'zod';
import { problemIn } from '../session/record-shape.ts';
import { TOKEN_STATES } from './state.ts';

const time = z.string().refine((given) => !Number.isNaN(Date.parse(given)), 'is no time');
const maybeTime = time.nullable();
const maybeText = z.string().nullable();

/** A line of the ledger, and as much of it as this program cannot do without. Earlier versions did not write all of it. */
export const tokenShape = z.object({
  id: z.string(),
  sessionId: z.string(),
  provider: maybeText,
  state: z.enum(TOKEN_STATES),
  grants: z.array(z.object({ repoId: z.string(), access: z.enum(['read', 'write']) })),
  ttlSeconds: z.number(),
  intendedAt: time,
  askedAt: maybeTime.optional(),
  host: maybeText.optional(),
  minter: maybeText.optional(),
  mintedAt: maybeTime,
  deliveredAt: maybeTime,
  expiresAt: maybeTime,
  retiresAt: time.optional(),
  revokingAt: maybeTime,
  revokedAt: maybeTime,
  verifiedAt: maybeTime,
  testimony: maybeText.optional(),
  attempts: z.number(),
  nextTryAt: maybeTime.optional(),
  lastError: maybeText,
  fingerprint: maybeText,
  sealed: maybeText,
});

/** Which field of what was read as a line of the ledger is not as it must be, and why; null when all are. Pure. */
export function tokenProblem(read: unknown): string | null {
  return problemIn(tokenShape.safeParse(read));
}
