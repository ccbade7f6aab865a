import { execFile } from 'node:child_process';
import { copyFile, cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '..', '..');
const lockFile = z.object({ packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })) });

/** What the roles run, as users of their own may run it, too. */
export interface ProgramPlace {
  /** Where `src/` and `workers/` lie. */
  root: string;
  /** A Node. */
  node: string;
}

/** This checkout, for whoever may enter it. */
export const CHECKOUT: ProgramPlace = { root: ROOT, node: process.execPath };

/**
 * Copies sources, packages and Node into a directory for every user of the machine to read: a checkout may lie in somebody's
 * home, where nobody else gets in.
 */
export async function copyForAll(into: string): Promise<ProgramPlace> {
  const node = join(into, 'node');
  await copyFile(process.execPath, node);
  const names = ['package.json', 'src', 'workers', ...(await packagesOfRoles())];
  for (const name of names) await cp(join(ROOT, name), join(into, name), { recursive: true });
  await promisify(execFile)('chmod', ['-R', 'a+rX', into]);
  return { root: into, node };
}

/** Paths of the packages that are no development packages. */
async function packagesOfRoles(): Promise<string[]> {
  const { packages } = lockFile.parse(JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')));
  // A package below another one is copied with it.
  return Object.entries(packages).flatMap(([path, { dev }]) =>
    dev !== true && /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) ? [path] : [],
  );
}
