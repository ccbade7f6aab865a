import type { FormerToken } from '../session/decision.ts';
import type { SessionRecord } from '../session/record.ts';
import type { TokenRecord } from '../token/record.ts';
import type { Expectation } from './commit.ts';
import { keys } from './keys.ts';

/** Everything of a session that a decision has looked at. */
export interface Seen {
  session: SessionRecord | null;
  /** Its current token. */
  token: TokenRecord | null;
  formerTokens?: FormerToken[];
}

/** That all of it is still so; of a token's line that was not there, that it has not come back. */
export function asSeen(sessionId: string, { session, token, formerTokens = [] }: Seen): Expectation[] {
  const lines = session?.tokenId ? [{ id: session.tokenId, line: token }, ...formerTokens] : formerTokens;
  return [
    { key: keys.session(sessionId), value: textOf(session) },
    ...lines.map(({ id, line }) => ({ key: keys.token(id), value: textOf(line) })),
  ];
}

function textOf(record: object | null): string | null {
  return record === null ? null : JSON.stringify(record);
}
