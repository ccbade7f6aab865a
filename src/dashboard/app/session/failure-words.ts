import { FAILURE_CODES, type FailureCode } from '../../../errors.ts';

/** What to do next, by why a session of ours failed. The message beside it says what happened. */
const NEXT_STEPS: Record<FailureCode, string> = {
  repo_not_found: 'Check the repo’s id, and that the provider’s key sees it. Then start it again.',
  repo_refused: 'The provider grants this repo to nobody with our key. Give the key access, or leave the repo out.',
  provider_unavailable: 'The repo host does not answer. Look whether it is up, then start it again.',
  minter_unavailable: 'The minter does not answer. Look at its log; a supervisor starts it again by itself.',
  engine_unavailable: 'Docker does not answer on the worker’s host. “daypass doctor” says more.',
  image_missing: 'Pull or build the image on the worker’s host, then start it again.',
  image_not_allowed: 'Choose an image that the operator allows, or add it to DAYPASS_IMAGES.',
  sandbox_failed: 'The container could not be started. The worker’s log has what Docker said.',
  ref_not_found: 'Check the branch, tag or commit: the repo has none of that name.',
  clone_failed: 'Read the last lines of the log: git says there why. A repo host that was away can be tried again.',
  git_too_old: 'Put git 2.20 or later into the image, or choose another image.',
  command_not_executable: 'The program is there and cannot be run. The message says why.',
  command_not_found: 'The image has no such program. Check the command’s first word, or choose another image.',
  out_of_memory: 'Start it again with more memory (resources.memoryMb), or let it do less at once.',
  out_of_disk: 'Start it again with a larger disk (resources.diskMb), or have it clean up.',
  host_disk_full: 'The host’s disk is full. Make room there before starting more.',
  token_revoked: 'Somebody revoked its token. Start it again if that was not meant.',
  worker_lost: 'Its worker went away and nobody could go on. Look at that host, then start it again.',
  store_lost: 'Redis lost what it knew of this session. Look at its persistence with “daypass doctor”.',
  internal_error: 'This is a fault of Daypass. The worker’s log has it, by the session’s id.',
  internal: 'This is a fault of Daypass. The worker’s log has it, by the session’s id.',
};

/** Of a reason that is not known here too. */
export function nextStepAfter(code: string): string {
  const known = FAILURE_CODES.find((one) => one === code);
  return known === undefined ? 'The worker’s log says more.' : NEXT_STEPS[known];
}
