import type { TokenRecord } from '../token/record.ts';
import type { NewEvent } from './event.ts';
import type { SessionRecord } from './record.ts';

/** What a decision about a session looks at: its record and its current token's. */
export interface SessionFacts {
  session: SessionRecord;
  token: TokenRecord | null;
}

/** A token that was its session's before the current one. */
export interface FormerToken {
  id: string;
  /** null where the ledger has lost it. */
  line: TokenRecord | null;
}

/** The same, with every token that it had before. */
export interface SessionHistory extends SessionFacts {
  formerTokens: FormerToken[];
}

/** What is to be written, in one step; null where nothing is to change. */
export interface Decision {
  session?: SessionRecord;
  token?: TokenRecord;
  events?: NewEvent[];
}
