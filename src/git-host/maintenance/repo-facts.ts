import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface Pack {
  /** Without an ending: `pack-` and a hash. */
  name: string;
  bytes: number;
}

/** What a repo's directory says about the state it is in. */
export interface RepoFacts {
  /** Those that may be merged: whole ones, not held by a push that is being let in, not set aside as unreachable. */
  packs: Pack[];
  /** An estimate, from one of the 256 directories. */
  looseObjects: number;
  /** Milliseconds since the epoch; null: never. */
  sweptAtMs: number | null;
}

/** Its time is when unreachable objects were last looked for and dropped. */
export const SWEPT_MARK = 'daypass-swept';

export async function readFacts(repoDir: string): Promise<RepoFacts> {
  const packDir = join(repoDir, 'objects', 'pack');
  const names = new Set(await list(packDir));
  const candidates = [...names]
    .filter((name) => name.endsWith('.idx'))
    .map((name) => name.slice(0, -'.idx'.length))
    .filter((name) => names.has(`${name}.pack`) && !names.has(`${name}.keep`) && !names.has(`${name}.mtimes`));
  const packs = await Promise.all(
    candidates.map(async (name) => ({ name, bytes: (await stat(join(packDir, `${name}.pack`))).size })),
  );
  // Git itself estimates by this directory; names of objects are spread evenly over all of them.
  const looseObjects = (await list(join(repoDir, 'objects', '17'))).length * 256;
  return { packs, looseObjects, sweptAtMs: await timeOf(join(repoDir, SWEPT_MARK)) };
}

async function list(directory: string): Promise<string[]> {
  return readdir(directory)
    .catch(nullIfAbsent)
    .then((names) => names ?? []);
}

async function timeOf(path: string): Promise<number | null> {
  return stat(path).then(({ mtimeMs }) => mtimeMs, nullIfAbsent);
}

function nullIfAbsent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
