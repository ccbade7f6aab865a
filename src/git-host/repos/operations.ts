import { HostError } from '../http/host-error.ts';
import { checkFilePath, fromBytePath, type BytePath } from './file-path.ts';
import { fileMode, newFile, type Tree, type TreeEntry } from './tree.ts';

/** The hosted service's limit on one file. */
export const MAX_FILE_BYTES = 50 * 1024 * 1024;

export interface FileContent {
  filename: string;
  content: string;
}

export type Operation =
  | ({ type: 'write' } & FileContent)
  | { type: 'delete'; filename: string }
  | { type: 'rename'; old_filename: string; new_filename: string };

/** The tree that has exactly these files; of two with one name the last counts. Throws `bad_value`. */
export function replaceTree(before: Tree, files: FileContent[]): Tree {
  const after = new Map<BytePath, TreeEntry>();
  for (const file of files) {
    const path = checkFilePath(file.filename);
    after.set(path, fileOf(file, before.get(path)));
  }
  checkNoFileIsDirectory(after);
  return after;
}

/**
 * All deletes, then all writes, then all renames, as the hosted service does it. Throws `bad_value` for a path that is not
 * allowed or would be file and directory at once, and `not_found` where there is nothing to delete or rename.
 */
export function applyOperations(before: Tree, operations: Operation[]): Tree {
  const after = new Map(before);
  for (const operation of operations) if (operation.type === 'delete') remove(after, operation.filename);
  for (const operation of operations) if (operation.type === 'write') write(after, operation);
  for (const operation of operations) if (operation.type === 'rename') rename(after, operation);
  checkNoFileIsDirectory(after);
  return after;
}

/** The tree with a file whose content is stored already. Throws `bad_value` where it would be file and directory at once. */
export function putFile(before: Tree, path: BytePath, objectId: string): Tree {
  const after = new Map(before);
  after.set(path, { mode: fileMode(before.get(path)), objectId, content: null });
  checkNoFileIsDirectory(after);
  return after;
}

/** The tree without one file, link or submodule. Throws `not_found`, and `bad_value` for a directory. */
export function deleteFile(before: Tree, path: BytePath): Tree {
  const after = new Map(before);
  if (after.delete(path)) return after;
  const shown = JSON.stringify(fromBytePath(path));
  const isDirectory = [...before.keys()].some((other) => other.startsWith(`${path}/`));
  if (!isDirectory) throw new HostError('not_found', `there is no file ${shown}`);
  throw new HostError('bad_value', `${shown} is a directory; delete it by an update of type diff`);
}

function remove(tree: Map<BytePath, TreeEntry>, filename: string): void {
  const path = checkFilePath(filename);
  if (tree.delete(path)) return;
  const below = [...tree.keys()].filter((other) => other.startsWith(`${path}/`));
  if (below.length === 0) throw new HostError('not_found', `cannot delete ${filename}: no such file or directory`);
  for (const other of below) tree.delete(other);
}

function write(tree: Map<BytePath, TreeEntry>, file: FileContent): void {
  const path = checkFilePath(file.filename);
  tree.set(path, fileOf(file, tree.get(path)));
}

function rename(tree: Map<BytePath, TreeEntry>, names: { old_filename: string; new_filename: string }): void {
  const from = checkFilePath(names.old_filename);
  const to = checkFilePath(names.new_filename);
  const entry = tree.get(from);
  if (entry === undefined) throw new HostError('not_found', `cannot rename ${names.old_filename}: no such file`);
  tree.delete(from);
  tree.set(to, entry);
}

function fileOf(file: FileContent, replaced: TreeEntry | undefined): TreeEntry {
  const entry = newFile(file.content, replaced);
  if (entry.content.length > MAX_FILE_BYTES) {
    throw new HostError('too_large', `${file.filename} is larger than ${MAX_FILE_BYTES} bytes`);
  }
  return entry;
}

function checkNoFileIsDirectory(tree: Tree): void {
  for (const path of tree.keys()) {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const parent = path.slice(0, slash);
      if (tree.has(parent)) {
        throw new HostError(
          'bad_value',
          `${JSON.stringify(fromBytePath(parent))} would be a file and a directory at once`,
        );
      }
    }
  }
}
