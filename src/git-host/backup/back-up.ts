import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkTarget } from './check-target.ts';
import { copyRepo } from './copy-repo.ts';
import { snapshotDatabase } from './snapshot-database.ts';

export interface BackupResult {
  repos: number;
  /** Were deleted while the copy was made. */
  gone: number;
}

/**
 * Copies a git host's data directory to `targetDir`, in the same layout, while the host runs or not. Everything that was
 * answered before it began is in it. Into a directory with an older copy it brings what is new. The database comes into its
 * place last, so a copy that was interrupted is the older one with some newer refs, or no copy at all. Throws where `targetDir`
 * has anything but a copy.
 */
export async function backUp(options: {
  dataDir: string;
  targetDir: string;
  /** Whether tokens open the restored host too, those included that are deleted meanwhile. */
  tokens: boolean;
  signal: AbortSignal;
}): Promise<BackupResult> {
  const { dataDir, targetDir, tokens, signal } = options;
  const repoDirIn = (dir: string, repoId: string): string => join(dir, 'repos', `${repoId}.git`);
  const homeDir = join(targetDir, 'empty-home');
  await checkTarget(dataDir, targetDir);
  for (const dir of [homeDir, join(targetDir, 'repos')]) await mkdir(dir, { recursive: true, mode: 0o700 });
  const unfinished = join(targetDir, 'git-host.sqlite.new');
  const snapshot = await snapshotDatabase(join(dataDir, 'git-host.sqlite'), unfinished, { tokens });
  const kept = new Set<string>();
  try {
    for (const repoId of snapshot.repoIds) {
      signal.throwIfAborted();
      const repoDir = repoDirIn(targetDir, repoId);
      await mkdir(repoDir, { recursive: true, mode: 0o700 });
      if (await copyRepo(repoDirIn(dataDir, repoId), { repoDir, homeDir, signal })) kept.add(`${repoId}.git`);
      else snapshot.forget(repoId);
    }
  } finally {
    snapshot.close();
  }
  await rename(unfinished, join(targetDir, 'git-host.sqlite'));
  for (const name of await readdir(join(targetDir, 'repos'))) {
    if (!kept.has(name)) await rm(join(targetDir, 'repos', name), { recursive: true, force: true });
  }
  return { repos: kept.size, gone: snapshot.repoIds.length - kept.size };
}
