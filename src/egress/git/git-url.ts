import type { Service } from './words.ts';

/** One request of git's smart HTTP, read off its first line. */
export interface GitRequest {
  /** The path of the repo as it was asked for; not decoded. */
  repoPath: string;
  service: Service;
  /** `refs` is how each fetch and push begins. */
  part: 'refs' | 'pack';
}

const PATHS = [
  { method: 'GET', suffix: '/info/refs?service=git-upload-pack', service: 'git-upload-pack', part: 'refs' },
  { method: 'GET', suffix: '/info/refs?service=git-receive-pack', service: 'git-receive-pack', part: 'refs' },
  { method: 'POST', suffix: '/git-upload-pack', service: 'git-upload-pack', part: 'pack' },
  { method: 'POST', suffix: '/git-receive-pack', service: 'git-receive-pack', part: 'pack' },
] as const satisfies (Omit<GitRequest, 'repoPath'> & { method: string; suffix: string })[];

/**
 * null for everything that is not one of git's four requests, written as git writes them. Nothing is decoded or
 * normalised, here or later: a path is a repo's if it is letter by letter the one that the provider names.
 */
export function readGitRequest(method: string, url: string): GitRequest | null {
  const found = PATHS.find((path) => path.method === method && url.endsWith(path.suffix));
  if (found === undefined) return null;
  const { service, part } = found;
  return { repoPath: url.slice(0, -found.suffix.length), service, part };
}
