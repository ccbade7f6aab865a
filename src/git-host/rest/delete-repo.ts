import type { AccountOperation } from '../host.ts';
import { HostError } from '../http/host-error.ts';
import { sendNothing } from '../http/send-json.ts';

/** DELETE /repo/{id}, for the account alone. What runs on the repo ends first. */
export const deleteRepo: AccountOperation = async (host, { res, params }) => {
  const repoId = params['repoId']?.toLowerCase() ?? '';
  if (!host.repos.delete(repoId)) throw new HostError('not_found', `repo ${repoId} not found`);
  await host.uses.endRepo(repoId);
  await host.dirs.remove(repoId);
  sendNothing(res);
};
