import { refProblem } from '../../session/git-names.ts';
import { matchesPushPattern, type ResolvedPushRules } from '../../session/push-rules.ts';
import { isCreation, isDeletion, type PushCommand } from './push-request.ts';

/**
 * What the rules say of one command: why it is refused, for whoever pushes, or null. `ask`: it may be, if its new commit
 * descends from the old one.
 */
export type Verdict = { refused: string } | { refused: null; ask: boolean };

export const NO_FORCE = 'this is no fast-forward, and force pushes are not allowed in this session';

const TAGS = 'refs/tags/';
const OTHER_REFUSED = 'not pushed, because another ref of this push was refused';

/** Pure. Without rules everything may be pushed. */
export function judgeCommand(command: PushCommand, rules: ResolvedPushRules | null): Verdict {
  if (rules === null) return { refused: null, ask: false };
  const { ref } = command;
  const problem = refProblem(ref);
  if (problem !== null) return { refused: `the name of a ref ${problem}` };
  if (!matchesPushPattern(rules.branches, ref)) return { refused: `pushes go to ${rules.branches.join(', ')} only` };
  if (isDeletion(command)) {
    return rules.delete ? { refused: null, ask: false } : { refused: 'nothing may be deleted in this session' };
  }
  if (isCreation(command) || rules.force) return { refused: null, ask: false };
  // A tag is not to move, whatever it moves to: git's clients hold that for a force as well.
  if (ref.startsWith(TAGS)) return { refused: 'a tag that exists is not moved without the right to force' };
  return { refused: null, ask: true };
}

/** The reason for each ref where a push is refused: it is refused as a whole, so that none is pushed halfway. Pure. */
export function refuseAll(
  commands: PushCommand[],
  reasons: ReadonlyMap<string, string>,
): { ref: string; reason: string }[] {
  return commands.map(({ ref }) => ({ ref, reason: reasons.get(ref) ?? OTHER_REFUSED }));
}
