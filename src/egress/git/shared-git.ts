import { createFairSlots } from '../limits/fair-slots.ts';
import type { SharedGit } from './git-call.ts';
import { PACE, type Pace } from './patience.ts';
import { openSpool } from './spool.ts';
import type { CallUpstream } from './upstream.ts';

/** Requests of git of one session, from their first byte to the last of their answers. */
const REQUESTS_PER_SESSION = 16;
/** Pushes that are looked into at the same time, one of a session; most take milliseconds, and these move aside. */
const CHECKS = 2;
const SLOW_CHECKS = { afterMs: 1_000, places: 4 };
/** As many as one sandbox may have connections, by default. */
const WAITING_PER_SESSION = 256;

export interface SharedGitOptions {
  upstream: CallUpstream;
  scratchDir: string;
  /** The most of one push that is kept to look into it. */
  pushCheckBytes: number;
  pace?: Pace;
}

/** What git of all sessions shares, with bounds of what one of them can have of it. */
export async function openSharedGit({
  upstream,
  scratchDir,
  pushCheckBytes,
  pace = PACE,
}: SharedGitOptions): Promise<SharedGit> {
  const waitingPerKey = WAITING_PER_SESSION;
  return {
    upstream,
    spool: await openSpool(scratchDir, pushCheckBytes),
    requests: createFairSlots({ places: Infinity, perKey: REQUESTS_PER_SESSION, waitingPerKey }),
    checks: createFairSlots({ places: CHECKS, perKey: 1, waitingPerKey, slow: SLOW_CHECKS }),
    pace,
  };
}
