import type { BytePath } from './file-path.ts';

/** One line of `git ls-tree -l`. */
export interface ListedEntry {
  path: BytePath;
  /** Git's octal mode. */
  mode: string;
  objectId: string;
  /** Of a file or link; 0 for what has none. */
  sizeBytes: number;
}

/** Parses `git ls-tree -z -l --full-tree`, with or without -r. */
export function parseListing(listing: Buffer): ListedEntry[] {
  const lines = listing.toString('latin1').split('\0').slice(0, -1);
  return lines.map((line) => {
    const tab = line.indexOf('\t');
    const [mode = '', , objectId = '', size = ''] = line.slice(0, tab).split(/ +/);
    return { path: line.slice(tab + 1), mode, objectId, sizeBytes: size === '-' ? 0 : Number(size) };
  });
}
