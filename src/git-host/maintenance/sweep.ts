import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runGit } from '../git/run-git.ts';
import type { RepoPlace } from '../repos/head.ts';
import { KEEP_UNREACHABLE_DAYS } from './decide-upkeep.ts';
import { SWEPT_MARK } from './repo-facts.ts';

/**
 * Git's own garbage collection: packs refs, packs everything that is reachable anew, and drops what has been unreachable for
 * long. Only for a repo that nobody uses: a push that refers to an object just while it is dropped would lose it. What is
 * unreachable but too young waits in a pack of its own, and not as thousands of files.
 */
export async function sweep(place: RepoPlace): Promise<void> {
  const settings = ['-c', 'gc.cruftPacks=true', '-c', 'gc.writeCommitGraph=false'];
  // Nobody else collects here, so a mark of somebody at work is one of a process that was killed.
  const args = [...settings, 'gc', '--quiet', '--force', `--prune=${KEEP_UNREACHABLE_DAYS}.days.ago`];
  await runGit({ ...place, args, priority: 'background' });
  await writeFile(join(place.repoDir, SWEPT_MARK), '');
}
