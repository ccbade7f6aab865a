import { startGit, type GitCall } from './git-process.ts';

/**
 * Runs git to its end and returns what it wrote. `input` goes to its stdin, piece by piece. Throws when it exits with
 * anything but 0, with its complaint in the message, and the signal's reason when it was aborted.
 */
export async function runGit(call: GitCall, input: Iterable<Buffer | string> = []): Promise<Buffer> {
  const git = startGit(call);
  const output = collect(git.stdout);
  for (const piece of input) {
    if (git.stdin.destroyed) break;
    if (!git.stdin.write(piece)) await drained(git.stdin);
  }
  git.stdin.end();
  const { exitCode, stderr } = await git.ended;
  if (exitCode !== 0) throw new GitFailed(call.args[0] ?? '', exitCode, stderr);
  return output;
}

/** Git ran and said no. */
export class GitFailed extends Error {
  override readonly name = 'GitFailed';
  readonly exitCode: number;

  constructor(command: string, exitCode: number, stderr: string) {
    super(`git ${command} exited with ${exitCode}: ${stderr.trim()}`);
    this.exitCode = exitCode;
  }
}

async function collect(stdout: NodeJS.ReadableStream): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
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
