import type { AccountOperation, RepoOperation } from '../host.ts';
import { HostError } from '../http/host-error.ts';

export const noSuchCall: AccountOperation = async () => {
  throw new HostError('not_found', 'there is no such call');
};

export const noSuchRepoCall: RepoOperation = async () => {
  throw new HostError('not_found', 'there is no such call on a repo');
};

/** `allowed` are the methods that the path does have, in capitals. */
export function wrongMethod(allowed: string): AccountOperation & RepoOperation {
  return async (_host, { res }) => {
    res.setHeader('allow', allowed);
    throw new HostError('method_not_allowed', `this path takes ${allowed}`);
  };
}
