import { HostError } from '../http/host-error.ts';
import type { RepoAccess } from '../tokens/token-store.ts';
import type { Caller } from './caller.ts';

/** What a route needs: the account itself, or a right on the repo that its path names. */
export type Need = 'account' | RepoAccess;

/**
 * Throws `forbidden` unless the caller may. A token gets the same answer for another repo whether that exists or not, so
 * it learns nothing about what it does not open.
 */
export function authorize(caller: Caller, need: Need, repoId: string | null): void {
  if (caller.kind === 'account') return;
  if (need === 'account' || repoId === null)
    throw new HostError('forbidden', 'a repo token opens its repos and nothing else');
  const access = caller.grants.get(repoId);
  if (access === undefined) throw new HostError('forbidden', 'the token does not open this repo');
  if (need === 'write' && access === 'read') throw new HostError('forbidden', 'the token may only read this repo');
}
