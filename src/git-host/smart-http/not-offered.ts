import type { RepoOperation } from '../host.ts';
import { HostError } from '../http/host-error.ts';

/** Files of the repo directory itself, as the dumb protocol fetches them, are served to nobody. */
export const refuseDumb: RepoOperation = async () => {
  throw new HostError('forbidden', 'only smart HTTP is served; use git 1.6.6 or later');
};

export const refuseArchive: RepoOperation = async () => {
  throw new HostError('not_built', 'git archive --remote is not available on this host; use git clone --depth 1');
};

export const refuseLfs: RepoOperation = async () => {
  throw new HostError('not_built', 'Git LFS is not available on this host; commit the files themselves');
};
