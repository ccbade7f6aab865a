import { startGit } from '../git/git-process.ts';
import type { Host, RepoCall } from '../host.ts';
import { parseProtocol, type Service } from './protocol.ts';
import { checkBodyType, feedGit } from './request-body.ts';
import { streamGit } from './stream-git.ts';

/**
 * The second half of each fetch and push: the request's body goes into git, git's output comes back, both as streams.
 * `beforeEnd` runs when git succeeded, before the client hears the end of it.
 */
export async function serveRpc(
  host: Host,
  { req, res, place, signal }: RepoCall,
  service: Service,
  beforeEnd: () => Promise<void>,
): Promise<void> {
  checkBodyType(req, `application/x-git-${service}-request`);
  const body = new AbortController();
  const either = AbortSignal.any([signal, body.signal]);
  const args = [service, '--stateless-rpc', place.repoDir];
  const protocol = parseProtocol(req.headers['git-protocol']);
  const secretSettings = service === 'receive-pack' ? host.signedPushes : {};
  const git = startGit({ ...place, args, protocol, secretSettings, signal: either });
  feedGit(req, git.stdin, (error) => body.abort(error));
  const contentType = `application/x-git-${service}-result`;
  await streamGit({ git, res, contentType, beforeEnd, signal: either, log: host.log });
}
