import type { SessionRecord } from '../session/record.ts';
import type { TokenRecord } from '../token/record.ts';

/** Everything that Redis says of sessions and tokens: records that can be read, and the indexes that must agree with them. */
export interface LedgerFacts {
  sessions: SessionRecord[];
  tokens: TokenRecord[];
  sessionIndexes: IndexFacts;
  tokenIndexes: IndexFacts;
  /** Records that cannot be read, by id, with what is wrong. */
  unreadable: ReadonlyMap<string, string>;
  /** The indexes of what each API key has started, of those that have a session. */
  sessionIndexesOfKeys: ReadonlyMap<string, IndexFacts>;
  /** Ids of the sessions of which something is still to be done. */
  unsettled: string[];
  /** How many times a session's events say that it ended; no entry where there are none, or some that cannot be read. */
  endings: ReadonlyMap<string, number>;
}

export interface IndexFacts {
  /** Ids in the index of all. */
  all: string[];
  /** Ids by status or state. */
  byState: ReadonlyMap<string, string[]>;
}

/** A live token as the repo host lists it; without its value. */
export interface ProviderToken {
  name: string;
  fingerprint: string;
}

/** Something on this machine that bears a sandbox's id. */
export interface Remains {
  kind: 'container' | 'path' | 'mount' | 'socket' | 'loop device';
  sandboxId: string;
  /** Where it is, or its name. */
  place: string;
  /** A sandbox that waits for a session, which belongs to none. */
  pooled: boolean;
}

export interface SpoolFile {
  file: string;
  /** null: it cannot be read as a token. */
  token: { tokenId: string; fingerprint: string } | null;
}

export interface QueuedJob {
  id: string;
  sessionId: string;
}

/** What only a caller can know who has seen the sessions from outside; the doctor has none of it. */
export interface Witness {
  /** How many times each session's command was started. */
  starts: ReadonlyMap<string, number>;
  /** What each session's command was to print to its standard output, and what the log has of it. */
  logs: ReadonlyMap<string, { expected: string[]; found: string[] }>;
  /** Every token value that was ever minted. */
  values: string[];
  /** Directories whose files must not hold a value. */
  directories: string[];
  /** Texts that must not hold one, such as answers and what processes printed. */
  texts: { place: string; text: string }[];
}
