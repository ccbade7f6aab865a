import type { GitCall, SessionGitDeps } from './git-call.ts';
import type { Kept } from './spool.ts';

/** Takes a body in before anything is taken for it: a place, a connection to the repo host, a lock there. */
export function keepBody(
  { spool, sandboxId }: Pick<SessionGitDeps, 'spool' | 'sandboxId'>,
  { giveUp }: Pick<GitCall, 'giveUp'>,
  body: AsyncIterable<Uint8Array>,
): Promise<Kept> {
  return spool.keep(sandboxId, body, ({ message }) => giveUp(503, message));
}

/** How a kept body goes on, with so many bytes before it. One that is not whole is streamed: nobody knows its length. */
export function framingOf({ bytes, problem }: Kept, before = 0): Record<string, string> {
  return problem === null ? { 'content-length': String(before + bytes) } : { 'transfer-encoding': 'chunked' };
}
