import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** Reads commits of a scratch repo, one after another. */
export interface CommitReader {
  /** The parents' ids; null where it is not there, or no commit. */
  parentsOf(id: string): Promise<string[] | null>;
  close(): void;
}

/** What a commit begins with is looked at; the rest, its message, may be of any size. */
const MAX_KEPT_BYTES = 64 * 1024;
const PARENT = /^parent ([0-9a-f]{40}|[0-9a-f]{64})$/;

/** Over a `git cat-file --batch`. */
export function readCommits(git: ChildProcess & { stdin: Writable; stdout: Readable }): CommitReader {
  git.stderr?.resume();
  const chunks = git.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let held: Buffer = Buffer.alloc(0);

  const more = async (): Promise<void> => {
    const next = await chunks.next();
    if (next.done === true) throw new Error('git ended before it had answered');
    held = held.length === 0 ? next.value : Buffer.concat([held, next.value]);
  };
  const line = async (): Promise<string> => {
    while (!held.includes('\n')) await more();
    const end = held.indexOf('\n');
    const text = held.subarray(0, end).toString();
    held = held.subarray(end + 1);
    return text;
  };
  const content = async (size: number): Promise<Buffer> => {
    const kept: Buffer[] = [];
    let keptBytes = 0;
    for (let left = size; left > 0;) {
      if (held.length === 0) await more();
      const piece = held.subarray(0, left);
      held = held.subarray(piece.length);
      left -= piece.length;
      if (keptBytes < MAX_KEPT_BYTES) kept.push(piece);
      keptBytes += piece.length;
    }
    return Buffer.concat(kept).subarray(0, MAX_KEPT_BYTES);
  };

  return {
    async parentsOf(id) {
      // One id at a time never fills the pipe; a git that was ended takes none, and is not waited for.
      if (!git.stdin.writable) throw new Error('git ended before it was asked');
      git.stdin.write(`${id}\n`);
      const [, type, size] = (await line()).split(' ');
      if (size === undefined) return null;
      const bytes = await content(Number(size));
      // A line break follows each object.
      await line();
      return type === 'commit' ? parentsIn(bytes) : null;
    },
    close: () => void git.kill('SIGKILL'),
  };
}

/** As git itself reads them: the lines right behind the tree's. */
function parentsIn(commit: Buffer): string[] {
  const [, ...lines] = commit.toString('latin1').split('\n');
  const parents: string[] = [];
  for (const text of lines) {
    const id = PARENT.exec(text)?.[1];
    if (id === undefined) break;
    parents.push(id);
  }
  return parents;
}
