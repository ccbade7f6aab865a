import { startGit, startGitOn, type GitCall, type GitOutput } from '../git/git-process.ts';
import { limitsFor } from '../git/limits.ts';
import type { Host, RepoCall } from '../host.ts';
import type { ReceivedBody } from '../incoming/received-body.ts';
import { parseProtocol, type Service } from './protocol.ts';
import { relayGit } from './stream-git.ts';

/**
 * The second half of each fetch and push: the request's body goes into git, git's output comes back. Returns when git has ended,
 * with the answer still open.
 */
export async function serveRpc(
  host: Host,
  { req, res, place, signal }: RepoCall,
  service: Service,
  body: ReceivedBody,
): Promise<{ exitCode: number }> {
  const args = [service, '--stateless-rpc', place.repoDir];
  const protocol = parseProtocol(req.headers['git-protocol']);
  const secretSettings = service === 'receive-pack' ? host.signedPushes : {};
  const git = await startOnBody(
    { ...place, args, protocol, secretSettings, signal, limits: limitsFor(body.bytes) },
    body,
  );
  const contentType = `application/x-git-${service}-result`;
  // Nobody waits for a push's lock because its client does not read.
  const pace = service === 'receive-pack' ? 'git' : 'client';
  return relayGit({ git, res, contentType, signal, pace, log: host.log });
}

async function startOnBody(call: GitCall, body: ReceivedBody): Promise<GitOutput> {
  if (body.file !== null) return startGitOn(call, body.file.fd);
  const git = startGit(call);
  for await (const piece of body.read()) git.stdin.write(piece);
  git.stdin.end();
  return git;
}
