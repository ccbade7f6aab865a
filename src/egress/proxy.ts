import type { Logger } from '../ops/log.ts';
import type { NetworkDecision } from './decisions/decision.ts';
import type { Dial } from './dial.ts';
import type { Meter } from './pump.ts';
import type { Target } from './target.ts';

/** A way to one target that was opened for one connection of a sandbox, and can be cut at any moment. */
export interface Way {
  readonly target: Target;
  /** The only ones that may be dialled. */
  readonly addresses: string[];
  /** Any bytes may pass; else what passes is looked at first. */
  readonly raw: boolean;
  /** Nothing may pass any more, and nobody needs to be told. */
  readonly isCut: boolean;
  readonly meters: { sent: Meter; received: Meter };
  /** Writes down what became of it. */
  record(verdict: NetworkDecision['verdict'], reason?: string): Promise<void>;
  /** It is over. Safe to repeat. */
  close(): void;
}

export interface Refused {
  /** 403: by a rule. 429: by a limit. */
  status: 403 | 429;
  reason: string;
}

/** What both ways through the gateway, tunnels and plain requests, need. */
export interface Proxy {
  /** Opens a way, or says why not, which is then written down. `cut` must end what goes over it. Never throws. */
  admit: (target: Target, cut: () => void) => Promise<{ way: Way } | Refused>;
  /** Writes down that a connection was refused which could not even say clearly where to. */
  refuse: (target: Target | null, reason: string) => Promise<void>;
  dial: Dial;
  /** Knows no session's secrets, so no name that an agent has chosen goes there. */
  log: Logger;
}

/** What a client reads when it gets no further. */
export const refusalText = (reason: string): string => `Daypass: ${reason}\n`;
