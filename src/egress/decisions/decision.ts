import { z } from 'zod';

/**
 * - `allowed`: it is let through.
 * - `refused`: it is not.
 * - `failed`: it would be, and nobody answers there.
 * - `cut`: it was let through, and was ended here.
 */
const VERDICTS = ['allowed', 'refused', 'failed', 'cut'] as const;

/** What became of one connection of a sandbox, for the events of its session. */
const networkDecision = z.strictObject({
  /** ms since 1970. */
  atMs: z.number(),
  /** null where the sandbox did not say so in a way that can be read. */
  host: z.string().nullable(),
  port: z.number().nullable(),
  verdict: z.enum(VERDICTS),
  /** null where it is allowed. */
  reason: z.string().nullable(),
});

export type NetworkDecision = z.infer<typeof networkDecision>;

/** So many decisions were not written down singly; null: some, and nobody knows how many. */
const omission = z.strictObject({ atMs: z.number(), omitted: z.number().nullable() });

/** A line of a decision file. */
const decisionLine = z.union([networkDecision, omission]);

export type DecisionLine = z.infer<typeof decisionLine>;

/** A line that was torn, by a disk that was full or a machine that went down, stands for what it may have held. */
export function parseDecisionLine(text: string): DecisionLine {
  try {
    return decisionLine.parse(JSON.parse(text));
  } catch {
    return { atMs: Date.now(), omitted: null };
  }
}
