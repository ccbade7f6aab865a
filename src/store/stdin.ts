import type { SessionRecord } from '../session/record.ts';
import { isEnded } from '../session/status.ts';
import type { Effect } from './commit.ts';
import { keys } from './keys.ts';
import type { Redis } from './redis.ts';

/*
 * The standard input of a session's command, where it is no secret: beside the record, which is read and written often and
 * in numbers. It is there from the session's start to its end.
 */

export function keepStdinEffect(sessionId: string, bytes: Buffer): Effect {
  return ['SET', keys.stdin(sessionId), bytes.toString('base64')];
}

/** Once a session has ended nothing reads it any more. */
export function endedStdinEffects(before: SessionRecord | null, { id, status }: SessionRecord): Effect[] {
  return isEnded(status) && before?.status !== status ? [['DEL', keys.stdin(id)]] : [];
}

/** null where there is none. */
export async function readStdin(redis: Redis, sessionId: string): Promise<Buffer | null> {
  const text = await redis.get(keys.stdin(sessionId));
  return text === null ? null : Buffer.from(text, 'base64');
}
