import { createBreath, mapInSlices, sortInSlices } from '../breath.ts';
import { HostError } from '../http/host-error.ts';
import type { Content } from './content.ts';
import { checkFilePath, fromBytePath, type BytePath } from './file-path.ts';
import { fileMode, newFile, type Tree, type TreeEntry } from './tree.ts';

/** The hosted service's limit on one file. */
export const MAX_FILE_BYTES = 50 * 1024 * 1024;

export interface FileContent {
  filename: string;
  content: Content;
}

export type Operation =
  | ({ type: 'write' } & FileContent)
  | { type: 'delete'; filename: string }
  | { type: 'rename'; old_filename: string; new_filename: string };

/** What becomes of a tree. */
export interface TreeChange {
  /** Whether the change has to know what the tree has at a path. */
  concerns: (path: BytePath) => boolean;
  /** The tree afterwards, made of as much of the one before as it concerns. */
  apply: (before: Tree) => Promise<Tree>;
}

/** The tree that has exactly these files; of two with one name the last counts. `apply` throws `bad_value`. */
export function replaceTree(files: FileContent[]): TreeChange {
  return {
    concerns: () => true,
    async apply(before) {
      const breath = createBreath();
      const after = new Map<BytePath, TreeEntry>();
      for (const { filename, content } of files) {
        const path = checkFilePath(filename);
        after.set(path, newFile(content, before.get(path)));
        if (breath.isDue()) await breath.take();
      }
      await checkNoFileIsDirectory(after);
      return after;
    },
  };
}

/**
 * All deletes, then all writes, then all renames, as the hosted service does it. Throws `bad_value` for a path that is not
 * allowed. `apply` throws `bad_value` for one that would be file and directory at once, and `not_found` where there is nothing to
 * delete or rename.
 */
export async function applyOperations(operations: Operation[]): Promise<TreeChange> {
  const deletes = operations.filter((each) => each.type === 'delete');
  const writes = operations.filter((each) => each.type === 'write');
  const renames = operations.filter((each) => each.type === 'rename');
  return {
    concerns: around(await sortInSlices(await pathsOf(operations))),
    async apply(before) {
      const breath = createBreath();
      const after = new Map(before);
      await removeAll(
        after,
        deletes.map(({ filename }) => filename),
      );
      for (const { filename, content } of writes) {
        const path = checkFilePath(filename);
        after.set(path, newFile(content, after.get(path)));
        if (breath.isDue()) await breath.take();
      }
      for (const names of renames) {
        rename(after, names);
        if (breath.isDue()) await breath.take();
      }
      await checkNoFileIsDirectory(after);
      return after;
    },
  };
}

/** The tree with a file whose content is stored already. Throws `bad_value` where it would be file and directory at once. */
export function putFile(path: BytePath, objectId: string): TreeChange {
  return {
    concerns: around([path]),
    async apply(before) {
      const after = new Map(before);
      after.set(path, { mode: fileMode(before.get(path)), objectId, content: null });
      await checkNoFileIsDirectory(after);
      return after;
    },
  };
}

/** The tree without one file, link or submodule. Throws `not_found`, and `bad_value` for a directory. */
export function deleteFile(path: BytePath): TreeChange {
  return {
    concerns: around([path]),
    async apply(before) {
      const after = new Map(before);
      if (after.delete(path)) return after;
      const shown = JSON.stringify(fromBytePath(path));
      const isDirectory = [...before.keys()].some((other) => other.startsWith(`${path}/`));
      if (!isDirectory) throw new HostError('not_found', `there is no file ${shown}`);
      throw new HostError('bad_value', `${shown} is a directory; delete it by an update of type diff`);
    },
  };
}

async function pathsOf(operations: Operation[]): Promise<BytePath[]> {
  const breath = createBreath();
  const paths: BytePath[] = [];
  for (const each of operations) {
    const names = each.type === 'rename' ? [each.old_filename, each.new_filename] : [each.filename];
    for (const name of names) paths.push(checkFilePath(name));
    if (breath.isDue()) await breath.take();
  }
  return paths;
}

/** Whether a path is one of these, which are sorted, or lies above or below one of them. */
function around(sorted: BytePath[]): (path: BytePath) => boolean {
  const exactly = new Set(sorted);
  return (path) => {
    if (exactly.has(path)) return true;
    for (const parent of parentsOf(path)) if (exactly.has(parent)) return true;
    const below = `${path}/`;
    return sorted[firstFrom(sorted, below)]?.startsWith(below) ?? false;
  };
}

/** The place of the first that is not before `path`. */
function firstFrom(sorted: BytePath[], path: BytePath): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as string) < path) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The directories that a path lies in, the outermost first. */
function* parentsOf(path: BytePath): Generator<BytePath> {
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) yield path.slice(0, slash);
}

/** Each takes what it names or what lies below, one after the other; one look at the tree serves them all. */
async function removeAll(tree: Map<BytePath, TreeEntry>, filenames: string[]): Promise<void> {
  const firstAt = new Map<BytePath, number>();
  for (const [at, path] of (await mapInSlices(filenames, checkFilePath)).entries()) {
    if (!firstAt.has(path)) firstAt.set(path, at);
  }
  const hasTaken = new Set<number>();
  const breath = createBreath();
  for (const path of firstAt.size === 0 ? [] : [...tree.keys()]) {
    const takers = [path, ...parentsOf(path)].flatMap((each) => firstAt.get(each) ?? []);
    if (takers.length > 0) {
      hasTaken.add(Math.min(...takers));
      tree.delete(path);
    }
    if (breath.isDue()) await breath.take();
  }
  const idle = filenames.find((_, at) => !hasTaken.has(at));
  if (idle !== undefined) throw new HostError('not_found', `cannot delete ${idle}: no such file or directory`);
}

function rename(tree: Map<BytePath, TreeEntry>, names: { old_filename: string; new_filename: string }): void {
  const from = checkFilePath(names.old_filename);
  const to = checkFilePath(names.new_filename);
  const entry = tree.get(from);
  if (entry === undefined) throw new HostError('not_found', `cannot rename ${names.old_filename}: no such file`);
  tree.delete(from);
  tree.set(to, entry);
}

async function checkNoFileIsDirectory(tree: Tree): Promise<void> {
  const breath = createBreath();
  for (const path of tree.keys()) {
    for (const parent of parentsOf(path)) {
      if (tree.has(parent)) {
        throw new HostError(
          'bad_value',
          `${JSON.stringify(fromBytePath(parent))} would be a file and a directory at once`,
        );
      }
    }
    if (breath.isDue()) await breath.take();
  }
}
