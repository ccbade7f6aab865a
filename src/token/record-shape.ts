import { z } from 'zod';
import { problemIn } from '../session/record-shape.ts';
import { TOKEN_STATES } from './state.ts';

/** As much of a line of the ledger as this program cannot do without. */
const tokenShape = z.object({
  id: z.string(),
  sessionId: z.string(),
  state: z.enum(TOKEN_STATES),
  grants: z.array(z.object({ repoId: z.string(), access: z.enum(['read', 'write']) })),
  ttlSeconds: z.number(),
  intendedAt: z.string(),
});

/** Which field of what was read as a line of the ledger is not as it must be, and why; null when all are. Pure. */
export function tokenProblem(read: unknown): string | null {
  return problemIn(tokenShape.safeParse(read));
}
