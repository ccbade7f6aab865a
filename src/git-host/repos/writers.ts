import { removeLeftovers } from './leftovers.ts';

/**
 * Counts who writes to each repo, so that what a killed git left behind is removed as soon as nobody writes there: pushes to
 * one repo run side by side, and none may lose its files to another's cleaning up.
 */
export interface Writers {
  run<T>(repoDir: string, work: () => Promise<T>): Promise<T>;
}

export function createWriters(): Writers {
  const repos = new Map<string, { writing: number; failed: boolean }>();
  return {
    async run(repoDir, work) {
      const repo = repos.get(repoDir) ?? { writing: 0, failed: false };
      repos.set(repoDir, repo);
      repo.writing += 1;
      try {
        return await work();
      } catch (error) {
        repo.failed = true;
        throw error;
      } finally {
        repo.writing -= 1;
        if (repo.writing === 0) {
          repos.delete(repoDir);
          if (repo.failed) removeLeftovers(repoDir);
        }
      }
    },
  };
}
