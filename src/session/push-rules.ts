import { refProblem } from './git-names.ts';

/** What a session may push to one repo; a request without them means any push. */
export interface PushRules {
  /** Patterns, see `pushPatternProblem`; null is the default, one that is the session's own. */
  branches: string[] | null;
  /** Whether a branch may be moved to what does not hold its old commit, and a tag be moved at all. */
  force: boolean;
  /** Whether what matches may be deleted. */
  delete: boolean;
}

/** The same, with the default filled in. */
export interface ResolvedPushRules extends PushRules {
  branches: string[];
}

const BRANCHES = 'refs/heads/';
const TAGS = 'refs/tags/';

/** By default a session pushes below its own name. */
export function resolvePushRules(sessionId: string, { branches, ...rights }: PushRules): ResolvedPushRules {
  return { ...rights, branches: branches ?? [`agent/${sessionId}/*`] };
}

/**
 * Why this cannot be a pattern of `push.branches`; null when it can. It is the name of a branch, or of a tag where it
 * begins with `refs/tags/`; each `*` stands for any characters, `/` included, as in git's refspecs.
 */
export function pushPatternProblem(pattern: string): string | null {
  const ref = fullPattern(pattern);
  if (!ref.startsWith(BRANCHES) && !ref.startsWith(TAGS)) return 'must name branches, or tags as refs/tags/…';
  // With a letter in place of each star it has to be a name that git would take.
  return refProblem(ref.replaceAll('*', 'x'));
}

/** Whether one of the patterns is for this full name of a ref, such as `refs/heads/main`. */
export function matchesPushPattern(patterns: readonly string[], ref: string): boolean {
  return patterns.some((pattern) => matches(fullPattern(pattern), ref));
}

function fullPattern(pattern: string): string {
  return pattern.startsWith('refs/') ? pattern : BRANCHES + pattern;
}

/** Each part is looked for behind the one before, so no pattern takes long, whatever it is held against. */
function matches(pattern: string, ref: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return ref === first;
  if (!ref.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = ref.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return ref.length - last.length >= at && ref.endsWith(last);
}
