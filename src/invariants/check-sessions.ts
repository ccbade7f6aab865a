import type { SessionRecord } from '../session/record.ts';
import { isEnded } from '../session/status.ts';
import { isSettled } from '../store/records.ts';
import type { TokenRecord } from '../token/record.ts';
import type { IndexFacts, LedgerFacts } from './facts.ts';
import type { Violation } from './violation.ts';

/** Each session in exactly one state; indexes say what records say; what has ended has nothing left. */
export function checkSessions(facts: LedgerFacts): Violation[] {
  const sessions = new Map(facts.sessions.map((one) => [one.id, one.status]));
  const tokens = new Map(facts.tokens.map((one) => [one.id, one.state]));
  const { unreadable } = facts;
  const wrong = [
    ...unreadable.values(),
    ...disagreements('Session', sessions, without(facts.sessionIndexes, unreadable)),
    ...disagreements('Token', tokens, without(facts.tokenIndexes, unreadable)),
    ...keyIndexes(facts),
    ...facts.sessions.flatMap((session) => badEnding(session, facts.endings.get(session.id))),
    ...unsettled(facts),
  ];
  return wrong.map((sentence) => ({ law: 'sessions', sentence }));
}

/** What a key sees, and how much more it may start, is as its indexes say. */
function keyIndexes({ sessions, sessionIndexesOfKeys, unreadable }: LedgerFacts): string[] {
  return [...sessionIndexesOfKeys].flatMap(([keyId, indexes]) => {
    const own = sessions.filter((session) => session.keyId === keyId).map(({ id, status }) => [id, status] as const);
    return disagreements(`Of ${keyId}: session`, new Map(own), without(indexes, unreadable));
  });
}

/** What cannot be read is one finding, and not one of each index besides. */
function without({ all, byState }: IndexFacts, unreadable: ReadonlyMap<string, string>): IndexFacts {
  const readable = (ids: string[]): string[] => ids.filter((id) => !unreadable.has(id));
  return { all: readable(all), byState: new Map([...byState].map(([state, ids]) => [state, readable(ids)])) };
}

function disagreements(noun: string, records: ReadonlyMap<string, string>, { all, byState }: IndexFacts): string[] {
  const wrong: string[] = [];
  const listed = new Set(all);
  for (const [id, state] of records) {
    if (!listed.has(id)) wrong.push(`${noun} ${id} is missing in the index of all`);
    const found = [...byState].filter(([, ids]) => ids.includes(id)).map(([name]) => name);
    if (found.length !== 1 || found[0] !== state) {
      wrong.push(`${noun} ${id} is ${state}, and the indexes have it as ${found.join(' and ') || 'nothing'}`);
    }
  }
  const indexed = new Set([...all, ...[...byState.values()].flat()]);
  for (const id of indexed)
    if (!records.has(id)) wrong.push(`${noun} ${id} is in an index, and there is no record of it`);
  return wrong;
}

function badEnding({ id, status, endedAt }: SessionRecord, endings: number | undefined): string[] {
  const ended = isEnded(status);
  const wrong: string[] = [];
  if (ended !== (endedAt !== null))
    wrong.push(`Session ${id} is ${status}, and its end is ${endedAt ?? 'not written'}`);
  if (endings !== undefined && endings !== (ended ? 1 : 0)) {
    wrong.push(`Session ${id} is ${status}, and its events say ${endings} times that it ended`);
  }
  return wrong;
}

function unsettled({ sessions, tokens, unsettled: listed }: LedgerFacts): string[] {
  const token = new Map(tokens.map((one) => [one.id, one]));
  return sessions.flatMap((session) => {
    const view = { session, token: token.get(session.tokenId ?? '') ?? null };
    const settled = isSettled(view);
    const wrong: string[] = [];
    if (settled === listed.includes(session.id)) {
      wrong.push(
        `Session ${session.id} is ${settled ? '' : 'not '}settled, and the list of unsettled ones says otherwise`,
      );
    }
    if (isEnded(session.status) && !settled)
      wrong.push(`Session ${session.id} has ended, and ${left(session, view.token)}`);
    return wrong;
  });
}

function left({ sandbox }: SessionRecord, token: TokenRecord | null): string {
  const things = [
    ...(sandbox !== null && sandbox.removedAt === null ? [`its sandbox ${sandbox.id} is not removed`] : []),
    ...(token === null ? [] : [`its token ${token.id} is ${token.state}`]),
  ];
  return things.join('; ');
}
