import { systemNames, type Names } from '../../webhook/resolve.ts';
import { runGit } from '../git/run-git.ts';
import { HostError } from '../http/host-error.ts';
import type { RepoPlace } from '../repos/head.ts';
import type { DialledRemote } from './fetch-remote.ts';
import { findAddresses } from './find-addresses.ts';
import { IMPORT_LIMITS, withinLimits, type ImportLimits } from './limits.ts';
import { parseRemote } from './remote.ts';

/** Imports from other git hosts, which go out to the network from this one. */
export interface Imports {
  /**
   * Runs `work`, which fetches from `url` into the repo at `place`, a repo that nobody else has yet. Throws `bad_value` for a URL
   * from which nothing may be fetched, `too_many` when too many imports run, what the limits throw, and what `work` throws.
   */
  run<T>(place: RepoPlace, url: string, work: (place: RepoPlace, remote: DialledRemote) => Promise<T>): Promise<T>;
}

/** Each may take a core and hundreds of megabytes of memory. */
const MAX_AT_ONCE = 4;

/** `privateHosts`: `HOST:PORT` in lower case, from where may be imported at whatever address. */
export function createImports(options: { privateHosts: string[]; limits?: ImportLimits; names?: Names }): Imports {
  const { privateHosts, limits = IMPORT_LIMITS, names = systemNames() } = options;
  let running = 0;
  return {
    async run(place, url, work) {
      const remote = parseRemote(url, privateHosts);
      if (running >= MAX_AT_ONCE)
        throw new HostError('too_many', `${MAX_AT_ONCE} imports are running; try again later`);
      running += 1;
      try {
        await requireGit(place);
        const addresses = await findAddresses(remote, names);
        const { repoDir, signal } = place;
        return await withinLimits({ repoDir, limits, signal }, (ending) =>
          work({ ...place, signal: ending }, { ...remote, addresses }),
        );
      } finally {
        running -= 1;
      }
    },
  };
}

/** An older git connects to whatever address it finds itself, and cannot merge without a working tree. */
async function requireGit(place: RepoPlace): Promise<void> {
  const text = (await runGit({ ...place, args: ['version'] })).toString();
  const [, major, minor] = /(\d+)\.(\d+)/.exec(text) ?? [];
  if (Number(major) * 1_000 + Number(minor) >= 2_038) return;
  throw new HostError('not_built', 'imports need git 2.38 or later on the git host');
}
