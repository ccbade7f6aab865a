import type { AccountOperation, RepoOperation } from './host.ts';

/** `git` routes take Basic credentials too and ask for them, since that is how git sends a token. */
interface RouteBase {
  method: 'get' | 'post' | 'put' | 'delete' | 'all';
  /** Below /v1; `:repoId` is the repo that `read` and `write` are about. */
  path: string;
  git?: boolean;
}

export type Route = RouteBase &
  ({ need: 'account'; run: AccountOperation } | { need: 'read' | 'write'; run: RepoOperation });
