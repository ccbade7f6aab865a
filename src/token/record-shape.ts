import { z } from 'zod';
import { problemIn } from '../session/record-shape.ts';
import { TOKEN_STATES } from './state.ts';

const time = z.string().refine((given) => !Number.isNaN(Date.parse(given)), 'is no time');
/** An earlier version may not have written it. */
const maybeTime = time.nullish();
const maybeText = z.string().nullish();

/** A line of the ledger, and as much of it as this program cannot do without. */
export const tokenShape = z.object({
  id: z.string(),
  sessionId: z.string(),
  provider: maybeText,
  state: z.enum(TOKEN_STATES),
  grants: z.array(z.object({ repoId: z.string(), access: z.enum(['read', 'write']) })),
  ttlSeconds: z.number(),
  intendedAt: time,
  askedAt: maybeTime,
  host: maybeText,
  minter: maybeText,
  mintedAt: maybeTime,
  deliveredAt: maybeTime,
  expiresAt: maybeTime,
  retiresAt: time.optional(),
  revokingAt: maybeTime,
  revokedAt: maybeTime,
  verifiedAt: maybeTime,
  testimony: maybeText,
  attempts: z.number().optional(),
  nextTryAt: maybeTime,
  lastError: maybeText,
  fingerprint: maybeText,
  sealed: maybeText,
});

/** Which field of what was read as a line of the ledger is not as it must be, and why; null when all are. Pure. */
export function tokenProblem(read: unknown): string | null {
  return problemIn(tokenShape.safeParse(read));
}
