import { z } from 'zod';
import { createMinterCalls } from './call.ts';

const keysAnswer = z.object({
  file: z.string().nullable(),
  keys: z.array(
    z.object({
      id: z.string(),
      isFirst: z.boolean(),
      isInRing: z.boolean(),
      tokens: z.number(),
      spoolFiles: z.number(),
      requestSecrets: z.number(),
    }),
  ),
});

/** The ring of a running minter, and what each key seals; never a key itself. */
export type RingReport = z.infer<typeof keysAnswer>;

/** A running minter as its operator sees it. Calls throw `SessionError`, as those of `MinterClient`. */
export interface KeysClient {
  report(): Promise<RingReport>;
  /** See `KeyRotation.rotate`. */
  rotate(): Promise<RingReport>;
  close(): void;
}

const REPORT_TIMEOUT_MS = 30_000;
/** Every sealed value is read and written once. */
const ROTATE_TIMEOUT_MS = 600_000;

export function createKeysClient(socketPath: string): KeysClient {
  const calls = createMinterCalls(socketPath);
  return {
    report: () => calls.call('/keys', keysAnswer, { signal: AbortSignal.timeout(REPORT_TIMEOUT_MS) }),
    rotate: () => calls.call('/rotate', keysAnswer, { body: {}, signal: AbortSignal.timeout(ROTATE_TIMEOUT_MS) }),
    close: () => calls.close(),
  };
}
