import { createBreath } from '../breath.ts';
import type { BytePath } from './file-path.ts';
import type { TreeChanges, TreeEntry } from './tree.ts';

export interface NewCommit {
  /** The commit to build on; null for the first one. */
  parent: string | null;
  message: string;
  timeMs: number;
  changes: TreeChanges;
}

/** Who commits what comes by REST. */
export const COMMITTER = { name: 'Daypass git host', email: 'git-host@daypass.invalid' };
/** Never written: the stream resets it to nothing before git stores refs. */
const SCRATCH_REF = 'refs/daypass/scratch';
const NO_OBJECT = '0'.repeat(40);

/**
 * A stream for `git fast-import --done` that makes one commit, moves no ref, and has git print the commit's name. Paths and
 * contents go this way because it has no argument list, no file system and no shell in it.
 */
export async function* importStream(commit: NewCommit): AsyncGenerator<Buffer | string> {
  yield `commit ${SCRATCH_REF}\nmark :1\n`;
  yield `committer ${COMMITTER.name} <${COMMITTER.email}> ${Math.floor(commit.timeMs / 1000)} +0000\n`;
  yield data(commit.message);
  if (commit.parent !== null) yield `from ${commit.parent}\n`;
  // Deletions first, so that a file can take the place of a directory and the other way round.
  for (const path of commit.changes.deleted) yield `D ${quote(path)}\n`;
  const breath = createBreath();
  for (const [path, entry] of commit.changes.written) {
    yield* modify(path, entry);
    if (breath.isDue()) await breath.take();
  }
  yield `\nget-mark :1\nreset ${SCRATCH_REF}\nfrom ${NO_OBJECT}\n\ndone\n`;
}

async function* modify(path: BytePath, entry: TreeEntry): AsyncGenerator<Buffer | string> {
  if (entry.content === null) {
    yield `M ${entry.mode} ${entry.objectId} ${quote(path)}\n`;
    return;
  }
  yield `M ${entry.mode} inline ${quote(path)}\ndata ${entry.content.bytes}\n`;
  yield* entry.content.pieces();
  yield '\n';
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

/** Git's C-style quoting, with every byte that is not plain ASCII as octal. */
function quote(path: BytePath): string {
  const escaped = path.replace(
    /["\\]|[^ -~]/g,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  return `"${escaped}"`;
}
