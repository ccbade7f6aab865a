import { Refusal } from '../errors.ts';
import type { SessionRequest } from '../session/record.ts';
import type { Caller } from './caller.ts';

/** Throws `repo_not_allowed` where a session wants a repo that its key may not use, naming every one of them. */
export function requireAllowedRepos({ repos: wanted }: SessionRequest, { repos }: Pick<Caller, 'repos'>): void {
  if (repos === null) return;
  const fields = wanted.flatMap(({ id }, index) =>
    repos.includes(id) ? [] : [{ path: `repos[${index}].id`, message: 'is not one that this API key may use' }],
  );
  if (fields.length === 0) return;
  throw new Refusal('repo_not_allowed', 'This API key may not use every repo of the request.', { fields });
}
