import type { FailureCode } from '../../errors.ts';
import { ProviderError } from '../provider.ts';

/** What a failed minting means: for the ledger, and for the session's owner. */
export interface MintFailure {
  state: 'refused' | 'unknown';
  code: FailureCode;
  message: string;
}

/**
 * `refused` is said only where the provider itself said no. Whatever broke on the way leaves `unknown`: a token may
 * exist whose value nobody has.
 */
export function mintFailure(error: unknown, repoIds: string[]): MintFailure {
  const repos = repoIds.join(', ');
  const kind = error instanceof ProviderError ? error.kind : 'unavailable';
  const said = error instanceof Error ? error.message : String(error);
  switch (kind) {
    case 'not_found':
      return {
        state: 'refused',
        code: 'repo_not_found',
        message: `The repo host does not know a repo of ${repos}. ${said}`,
      };
    case 'refused':
      return { state: 'refused', code: 'repo_refused', message: `The repo host does not grant ${repos}. ${said}` };
    case 'unauthorized':
      return {
        state: 'refused',
        code: 'provider_unavailable',
        message:
          'The repo host refuses the key of this installation; its operator must set a valid DAYPASS_RELACE_API_KEY',
      };
    case 'unavailable':
      return { state: 'unknown', code: 'provider_unavailable', message: `No token could be had. ${said}` };
  }
}
