import type { AccountOperation } from '../host.ts';
import { HostError } from '../http/host-error.ts';
import { sendNothing } from '../http/send-json.ts';

/** DELETE /repo/{id}, for the account alone. What runs on the repo ends first. */
export const deleteRepo: AccountOperation = async (host, { res, params }) => {
  const repoId = params['repoId']?.toLowerCase() ?? '';
  const notFound = new HostError('not_found', `repo ${repoId} not found`);
  if (host.repos.find(repoId) === null) throw notFound;
  await host.dirs.prepareRemoval(repoId);
  if (!host.repos.delete(repoId)) throw notFound;
  await host.uses.endRepo(repoId);
  await host.dirs.remove(repoId);
  sendNothing(res);
};
