import { statfs } from 'node:fs/promises';
import type { HostBounds } from '../bounds.ts';
import { runGit } from '../git/run-git.ts';
import type { RepoCall } from '../host.ts';
import { HostError } from '../http/host-error.ts';

/** A repo is measured anew once so much was written to it. */
const MEASURE_EVERY_BYTES = 64 * 1024 ** 2;
const MAX_REMEMBERED = 10_000;

/** What may still be written to the repos. */
export interface Room {
  /**
   * To be called before the body of a write is written to its repo, which takes about as many bytes. Throws `no_space` where a token
   * would take from the disk's reserve, and `too_large` where the repo, or what a token has written, would be too large.
   */
  take(call: Pick<RepoCall, 'by' | 'repo' | 'place'>, bytes: number): Promise<void>;
}

/** Keeps the disk for all from what one repo or token would fill. What tokens have written is forgotten with the process. */
export function createRoom(
  dir: string,
  { reserveBytes, repoBytes, tokenBytes }: Pick<HostBounds, 'reserveBytes' | 'repoBytes' | 'tokenBytes'>,
): Room {
  const repos = new Map<string, { bytes: number; unmeasured: number }>();
  const written = new Map<string, number>();

  return {
    async take({ by, repo, place }, bytes) {
      const { bavail, bsize } = await statfs(dir);
      if (by !== 'account' && bavail * bsize - reserveBytes < bytes)
        throw new HostError('no_space', `the git host's disk has no room for ${bytes} bytes more; free some space`);
      const byToken = (written.get(by) ?? 0) + bytes;
      if (by !== 'account' && byToken > tokenBytes)
        throw new HostError('too_large', `this token has written ${inMb(tokenBytes)}, which is all that it may`);
      let size = repos.get(repo.repoId);
      if (size === undefined || size.unmeasured > MEASURE_EVERY_BYTES)
        size = { bytes: await sizeOf(place), unmeasured: 0 };
      if (size.bytes + size.unmeasured + bytes > repoBytes)
        throw new HostError('too_large', `the repo would be larger than ${inMb(repoBytes)}`);
      remember(repos, repo.repoId, { ...size, unmeasured: size.unmeasured + bytes });
      remember(written, by, byToken);
    },
  };
}

/** Of all of a repo's objects on the disk; git-count-objects(1). */
async function sizeOf(place: RepoCall['place']): Promise<number> {
  const said = (await runGit({ ...place, args: ['count-objects', '-v'] })).toString();
  const kilobytes = [...said.matchAll(/^(?:size|size-pack|size-garbage): (\d+)$/gm)].map(([, size]) => Number(size));
  return kilobytes.reduce((sum, size) => sum + size, 0) * 1024;
}

/** As the latest one; the oldest is forgotten where there are too many. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.size > MAX_REMEMBERED ? map.keys() : [];
  if (oldest !== undefined) map.delete(oldest);
}

function inMb(bytes: number): string {
  return `${Math.floor(bytes / 1024 ** 2)} MB`;
}
