const MAX_REF_BYTES = 255;
const MAX_PATH_BYTES = 200;

/**
 * Why git would not take this as the name of a branch, a tag or a commit; null when it would. The rules of
 * git-check-ref-format(1), and one of ours: no component begins with `-`, so that none can be read as an option.
 */
export function refProblem(ref: string): string | null {
  if (ref === '') return 'must not be empty';
  if (Buffer.byteLength(ref) > MAX_REF_BYTES) return `must have at most ${MAX_REF_BYTES} bytes`;
  if (hasControlCharacters(ref) || /[ ~^:?*[\\]/.test(ref))
    return 'must not hold spaces, control characters or any of ~ ^ : ? * [ \\';
  if (ref.includes('..') || ref.includes('@{') || ref === '@') return 'must not hold ".." or "@{", nor be "@"';
  if (ref.endsWith('.')) return 'must not end with a dot';
  for (const component of ref.split('/')) {
    if (component === '') return 'must not begin or end with "/", nor hold "//"';
    if (component.startsWith('.') || component.endsWith('.lock'))
      return 'must not have a part that begins with "." or ends with ".lock"';
    if (component.startsWith('-')) return 'must not have a part that begins with "-"';
  }
  return null;
}

/** Why this cannot be a directory below the workspace; null when it can. */
export function pathProblem(path: string): string | null {
  if (path === '') return 'must not be empty';
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `must have at most ${MAX_PATH_BYTES} bytes`;
  if (path.startsWith('/')) return 'must be relative';
  if (hasControlCharacters(path) || path.includes('\\')) return 'must not hold control characters or "\\"';
  for (const segment of path.split('/')) {
    if (segment === '') return 'must not end with "/", nor hold "//"';
    if (segment === '.' || segment === '..') return 'must not hold "." or ".." as a part';
    if (segment.startsWith('-')) return 'must not have a part that begins with "-"';
    if (isGitDirectory(segment)) return 'must not hold ".git" as a part, in whatever spelling';
  }
  return null;
}

// The C0 and C1 ranges with DEL, and the separators that some programs take for line breaks.
function hasControlCharacters(text: string): boolean {
  return /[\p{Cc}\u2028\u2029]/u.test(text);
}

/**
 * `.git` as any file system would read it: in any case, with NTFS' trailing dots, spaces and streams or its short name,
 * with the characters that HFS+ ignores. Source: git's `verify_dotfile`, `is_ntfs_dotgit` and `is_hfs_dotgit`.
 */
function isGitDirectory(segment: string): boolean {
  const seen = segment.replaceAll(/\p{Cf}/gu, '').toLowerCase();
  return /^(\.git|git~\d+)[. ]*(:.*)?$/.test(seen);
}
