import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import type { GitProcess } from '../git/git-process.ts';
import { HostError } from '../http/host-error.ts';
import type { Logger } from '../../ops/log.ts';

/**
 * Streams what git writes to the client, at the client's pace, and ends the answer when git has ended and `beforeEnd` is
 * done. Returns when the client's connection has taken all of it. Throws the signal's reason as soon as it is aborted and git
 * is gone, and `bad_value` when git gave up on the request without a word; what it said in its own protocol is the client's.
 */
export async function streamGit(answer: {
  git: GitProcess;
  res: ServerResponse;
  contentType: string;
  /** Comes before git's own output. */
  preamble?: string;
  beforeEnd?: () => Promise<void>;
  signal: AbortSignal;
  log: Logger;
}): Promise<void> {
  const { git, res, signal } = answer;
  const begin = (): void => {
    res.writeHead(200, { 'content-type': answer.contentType, 'cache-control': 'no-cache, no-store' });
    if (answer.preamble !== undefined) res.write(answer.preamble);
  };
  git.stdout.once('data', begin);
  git.stdout.pipe(res, { end: false });
  const { exitCode, stderr } = await git.ended;
  if (exitCode !== 0) answer.log.info({ exitCode, stderr }, 'git gave up on a request');
  if (!res.headersSent) {
    if (exitCode !== 0) throw new HostError('bad_value', 'git could not make sense of the request');
    // A large push begins with an empty request, to learn whether it is let in. Git has nothing to say to that.
    begin();
  }
  if (exitCode === 0) await answer.beforeEnd?.();
  res.end();
  try {
    await finished(res, { signal });
  } catch (error) {
    // The reason says more than the stream's own error.
    signal.throwIfAborted();
    throw error;
  }
}
