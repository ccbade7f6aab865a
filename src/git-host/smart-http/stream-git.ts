import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import type { GitOutput } from '../git/git-process.ts';
import { HostError } from '../http/host-error.ts';
import type { Logger } from '../../ops/log.ts';

/** Of an answer that is not to wait for its client: the report of some ten thousand refs. */
const MAX_UNREAD_BYTES = 1024 * 1024;

/**
 * Streams what git writes to the client and returns when git has ended; the answer is still open. At the `client`'s pace git waits
 * for a client that reads slowly; at `git`'s pace it never does, and one that leaves too much unread is cut. Throws the signal's
 * reason as soon as it is aborted and git is gone, and `bad_value` when git gave up on the request without a word; what it said in
 * its own protocol is the client's.
 */
export async function relayGit(answer: {
  git: GitOutput;
  res: ServerResponse;
  contentType: string;
  /** Comes before git's own output. */
  preamble?: string;
  pace: 'client' | 'git';
  signal: AbortSignal;
  log: Logger;
}): Promise<{ exitCode: number }> {
  const { git, res } = answer;
  const begin = (): void => {
    res.writeHead(200, { 'content-type': answer.contentType, 'cache-control': 'no-cache, no-store' });
    if (answer.preamble !== undefined) res.write(answer.preamble);
  };
  git.stdout.once('data', begin);
  if (answer.pace === 'client') git.stdout.pipe(res, { end: false });
  else
    git.stdout.on('data', (piece: Buffer) => {
      res.write(piece);
      if (res.writableLength > MAX_UNREAD_BYTES) res.destroy();
    });
  const { exitCode, stderr } = await git.ended;
  if (exitCode !== 0) answer.log.info({ exitCode, stderr }, 'git gave up on a request');
  if (!res.headersSent) {
    if (exitCode !== 0) throw new HostError('bad_value', 'git could not make sense of the request');
    // A large push begins with an empty request, to learn whether it is let in. Git has nothing to say to that.
    begin();
  }
  return { exitCode };
}

/** Ends the answer. Returns when the client's connection has taken all of it. Throws the signal's reason when it is aborted. */
export async function endAnswer(res: ServerResponse, signal: AbortSignal): Promise<void> {
  res.end();
  try {
    await finished(res, { signal });
  } catch (error) {
    // The reason says more than the stream's own error.
    signal.throwIfAborted();
    throw error;
  }
}
