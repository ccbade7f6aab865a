import { refProblem } from '../../session/git-names.ts';
import { runGit } from '../git/run-git.ts';
import { HostError } from '../http/host-error.ts';
import { readHead, type RepoPlace } from './head.ts';

/**
 * The commit that a client names: HEAD, a branch, a tag, or a commit's name of 4 to 40 hex digits, looked for in this order.
 * null where nothing is named and nothing was committed yet. Throws `bad_value` for what can be none of these and for digits
 * that begin several names, and `not_found`.
 */
export async function resolveCommit(place: RepoPlace, wanted: string | null): Promise<string | null> {
  if (wanted === null || wanted === 'HEAD') return (await readHead(place)).commit;
  const problem = refProblem(wanted);
  if (problem !== null) throw new HostError('bad_value', `commit: ${problem}`);
  const isName = /^[0-9a-f]{4,40}$/i.test(wanted);
  const candidates = [`refs/heads/${wanted}`, `refs/tags/${wanted}`, ...(isName ? [wanted] : [])];
  // By its input, so that no word of a client is an argument.
  const questions = candidates.map((candidate) => `${candidate}^{commit}\n`);
  const answers = (await runGit({ ...place, args: ['cat-file', '--batch-check'] }, questions)).toString().split('\n');
  const [, commit] = answers.map((answer) => /^([0-9a-f]{40}) commit \d+$/.exec(answer)).find(Boolean) ?? [];
  if (commit !== undefined) return commit;
  if (answers.some((answer) => answer.endsWith(' ambiguous')))
    throw new HostError('bad_value', `commit: ${wanted} begins the names of several objects; give more digits`);
  throw new HostError('not_found', `there is no branch, tag or commit ${wanted}`);
}
