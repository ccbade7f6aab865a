import type { Logger } from '../ops/log.ts';
import type { Decision } from './decide.ts';
import type { Dial } from './dial.ts';
import type { Target } from './target.ts';

/** What both ways through the gateway, tunnels and plain requests, need. */
export interface Proxy {
  /** Decides and logs. Never throws. */
  judge: (target: Target) => Promise<Decision>;
  dial: Dial;
  log: Logger;
}

/** What a client reads when it gets no further. */
export const refusalText = (reason: string): string => `Daypass: ${reason}\n`;
