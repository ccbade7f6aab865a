import { FAILURE_CODES, type FailureCode } from '../../errors.ts';
import type { SessionAnswer } from '../client/answers.ts';
import { EXIT } from '../exit-codes.ts';

/** What to do about a session that Daypass could not run. */
const ADVICE: Record<FailureCode, string> = {
  repo_not_found: 'See that the repo host has a repo of this id.',
  repo_refused: "See that the operator's key for the repo host may open this repo.",
  provider_unavailable: 'The repo host does not answer or refuses; try again later. On its machine: daypass doctor',
  minter_unavailable: 'The minter does not answer; on its machine: daypass doctor',
  engine_unavailable: 'The Docker engine does not answer; on its machine: daypass doctor',
  image_missing: 'Bring the image to the engine of every worker, or name another one with --image.',
  image_not_allowed: 'Name another --image; the operator allows images with DAYPASS_IMAGES.',
  sandbox_failed: 'See the log of the worker; on its machine: daypass doctor',
  ref_not_found: 'Name a branch, tag or commit that the repo has: --repo ID@REF',
  clone_failed: "See git's words in the log, and that the repo is whole.",
  git_too_old: 'Put git 2.20 or later into the image, or name another --image.',
  command_not_found: 'Name a program that the image has, or another --image.',
  command_not_executable: 'Make it executable, and for this machine; or name another command.',
  out_of_memory: 'Give it more with --memory.',
  out_of_disk: 'Give it more with --disk, or clone less with depth=1.',
  host_disk_full: 'Make room on the disk of the worker.',
  token_revoked: 'Somebody has revoked its token: daypass audit says who.',
  worker_lost: 'Its worker died and nobody could take it over; run it again.',
  store_lost: 'Redis has lost what it was told; on its machine: daypass doctor',
  internal_error: 'This is a fault of Daypass: the log of the worker has it, by the session’s id.',
  internal: 'See the log of the worker.',
};

/** As shells say of a command that they cannot start. */
const COULD_NOT_START: Partial<Record<string, number>> = {
  command_not_found: EXIT.commandNotFound,
  command_not_executable: EXIT.commandNotExecutable,
};

/** What `run` ends with for an ended session, and what it says. `interrupted`: the code of the signal that stopped it here. */
export function endingOf(session: SessionAnswer, interrupted: number | null): { exitCode: number; words: string[] } {
  const { status, exitCode, failure } = session;
  if (failure !== null) {
    return {
      exitCode: COULD_NOT_START[failure.code] ?? EXIT.notRun,
      words: [`${failure.code} (at ${failure.step}): ${failure.message}`, adviceFor(failure.code)],
    };
  }
  if (status === 'timed_out') {
    return { exitCode: EXIT.timedOut, words: ['Its time was over. Give it more with --timeout.'] };
  }
  if (status === 'stopped') return { exitCode: interrupted ?? EXIT.terminated, words: ['It was stopped.'] };
  return { exitCode: exitCode ?? EXIT.notRun, words: [] };
}

/** A newer server may have other reasons than are known here. */
function adviceFor(code: string): string {
  const known = FAILURE_CODES.find((one) => one === code);
  return known === undefined
    ? 'This version of daypass does not know this reason; see the log of the worker.'
    : ADVICE[known];
}
