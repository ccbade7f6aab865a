import type { Readable } from 'node:stream';
import { HostError } from '../http/host-error.ts';
import { startGit, type GitCall } from './git-process.ts';

/** Of what git answers; what may be longer is read as a stream. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * Runs git to its end and returns what it wrote. `input` goes to its stdin, piece by piece. Throws when it exits with
 * anything but 0, with its complaint in the message, and the signal's reason when it was aborted. Throws `too_large` for a longer
 * answer than is held here.
 */
export async function runGit(call: GitCall, input: Input = []): Promise<Buffer> {
  const git = startGit(call);
  const output = collectOutput(git.stdout);
  // It is looked at when git has ended.
  output.catch(() => {});
  for await (const piece of input) {
    if (git.stdin.destroyed) break;
    if (!git.stdin.write(piece)) await drained(git.stdin);
  }
  git.stdin.end();
  const { exitCode, stderr } = await git.ended;
  const answer = await output;
  if (exitCode !== 0) throw new GitFailed(call.args[0] ?? '', exitCode, stderr);
  return answer;
}

type Input = Iterable<Buffer | string> | AsyncIterable<Buffer | string>;

/** Git ran and said no. */
export class GitFailed extends Error {
  override readonly name = 'GitFailed';
  readonly exitCode: number;

  constructor(command: string, exitCode: number, stderr: string) {
    super(`git ${command} exited with ${exitCode}: ${stderr.trim()}`);
    this.exitCode = exitCode;
  }
}

/** All that git writes, once it has ended. Rejects with `too_large`, and has git end then. */
export async function collectOutput(stdout: Readable): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_OUTPUT_BYTES) return void chunks.push(chunk);
    reject(new HostError('too_large', 'the repo has too many files or refs for this call; use git'));
    stdout.destroy();
  });
  stdout.once('close', () => resolve(Buffer.concat(chunks)));
  return promise;
}

/** Waits until more may be written, or until nobody reads any more. */
export async function drained(stdin: NodeJS.WritableStream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stdin.once('drain', resolve);
  stdin.once('close', resolve);
  await promise;
  stdin.off('drain', resolve);
  stdin.off('close', resolve);
}
