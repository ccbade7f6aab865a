import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Relace } from '@relace-ai/relace';
import { openGitClient } from '../git-host/support/git-client.ts';
import { startHostProcess } from '../git-host/support/host-process.ts';
import { makeLargeRepo } from '../git-host/support/large-repo.ts';
import { watchMemory } from '../git-host/support/process-tree.ts';

const KEY = 'account-key-of-the-bench';
const CLONES_AT_ONCE = 20;

export interface LargeRepoFigures {
  /** Of the host and its git processes together, at their most. */
  pushMb: number;
  cloneMb: number;
  manyMb: number;
  /** Milliseconds of one clone by the host, and of one by git alone from the same repo. */
  clone: number[];
  byFile: number[];
  /** Of twenty clones at once. */
  failed: number;
}

/** Pushes a repo of random files to a git host, clones it in turn by HTTP and by file, and then often at once. */
export async function benchLargeRepo(megabytes: number, rounds: number): Promise<LargeRepoFigures> {
  await using cleanup = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-git-host-'));
  cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));
  const client = cleanup.use(await openGitClient());
  const { child, url } = await startHostProcess(cleanup, { dataDir, key: KEY });
  const { repo_id: repoId } = await new Relace({ apiKey: KEY, baseURL: url, maxRetries: 0 }).repo.create({});
  const remote = Object.assign(new URL(`${url}/repo/${repoId}.git`), { username: 'token', password: KEY }).href;
  await makeLargeRepo(client, 'large', megabytes);

  const peakMbOf = async (work: () => Promise<unknown>): Promise<number> => {
    const watch = watchMemory(child.pid ?? 0);
    await work();
    return (await watch.stop()).peakMb;
  };
  const clone = async (from: string, name: string): Promise<boolean> => {
    const { exitCode } = await client.try(['clone', '--quiet', '--bare', from, name]);
    await rm(client.path(name), { recursive: true, force: true });
    return exitCode === 0;
  };
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const startedMs = performance.now();
    await work();
    return performance.now() - startedMs;
  };

  const figures: LargeRepoFigures = { pushMb: 0, cloneMb: 0, manyMb: 0, clone: [], byFile: [], failed: 0 };
  figures.pushMb = await peakMbOf(() => client.git(['push', '--quiet', remote, 'main'], { cwd: 'large' }));
  const fileUrl = pathToFileURL(join(dataDir, 'git-host/repos', `${repoId}.git`)).href;
  for (let round = 0; round < rounds; round += 1) {
    const peakMb = await peakMbOf(async () => figures.clone.push(await timed(() => clone(remote, 'by-http'))));
    figures.cloneMb = Math.max(figures.cloneMb, peakMb);
    figures.byFile.push(await timed(() => clone(fileUrl, 'by-file')));
  }
  figures.manyMb = await peakMbOf(async () => {
    const names = Array.from({ length: CLONES_AT_ONCE }, (_, index) => `clone-${index}`);
    const done = await Promise.all(names.map((name) => clone(remote, name)));
    figures.failed = done.filter((isDone) => !isDone).length;
  });
  return figures;
}
