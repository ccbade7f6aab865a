import { filterInSlices } from '../breath.ts';
import type { Content } from './content.ts';
import type { BytePath } from './file-path.ts';

/** One file of a tree. What a client sends has content; what is there already is known by its object's name alone. */
export interface TreeEntry {
  /** Git's octal mode: 100644, 100755, 120000 (symbolic link) or 160000 (submodule). */
  mode: string;
  /** The object's name, 40 hex digits. */
  objectId: string;
  content: Content | null;
}

export type Tree = ReadonlyMap<BytePath, TreeEntry>;

/** A file keeps the executable bit of the one it replaces, and takes the place of a link. */
export function fileMode(replaced: TreeEntry | undefined): string {
  return replaced?.mode === '100755' ? '100755' : '100644';
}

/** A file with new content. */
export function newFile(content: Content, replaced: TreeEntry | undefined): TreeEntry {
  return { mode: fileMode(replaced), objectId: content.objectId, content };
}

export interface TreeChanges {
  deleted: BytePath[];
  written: [BytePath, TreeEntry][];
}

/** What must be done to `before` to have `after`. */
export async function changesBetween(before: Tree, after: Tree): Promise<TreeChanges> {
  const deleted = await filterInSlices(before.keys(), (path) => !after.has(path));
  const written = await filterInSlices(after, ([path, entry]) => {
    const old = before.get(path);
    return old?.objectId !== entry.objectId || old.mode !== entry.mode;
  });
  return { deleted, written };
}
