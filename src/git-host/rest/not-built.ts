import type { RepoOperation } from '../host.ts';
import { HostError } from '../http/host-error.ts';

/** Answers 501 for a call of the hosted service that this host does not have. */
export function notBuilt(what: string, instead: string): RepoOperation {
  return async () => {
    throw new HostError('not_built', `${what} is not available on this host; ${instead}`);
  };
}
