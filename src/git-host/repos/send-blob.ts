import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { startGit } from '../git/git-process.ts';
import type { RepoPlace } from './head.ts';

/** Ends an answer with an object's bytes, at the client's pace. Returns when neither git nor the answer is under way. */
export async function sendBlob(place: RepoPlace, objectId: string, res: ServerResponse): Promise<void> {
  const git = startGit({ ...place, args: ['cat-file', 'blob', objectId] });
  git.stdin.end();
  const sent = pipeline(git.stdout, res, { signal: place.signal, end: false });
  const [piped, ended] = await Promise.allSettled([sent, git.ended]);
  if (ended.status === 'rejected') throw ended.reason;
  if (piped.status === 'rejected') throw piped.reason;
  const { exitCode, stderr } = ended.value;
  if (exitCode !== 0) throw new Error(`git cat-file exited with ${exitCode}: ${stderr.trim()}`);
  res.end();
}
