import { SessionError, describe } from '../../errors.ts';
import { TooSmallPieces } from '../../http/small-pieces.ts';
import { whenClosed } from '../idle.ts';
import type { SandboxRequest } from '../request-handler.ts';
import type { Decided, GitCall, SessionGitDeps } from './git-call.ts';
import { readGitRequest, type GitRequest } from './git-url.ts';
import { TooManyWaiting } from '../limits/fair-slots.ts';
import { Patience, type Pace } from './patience.ts';
import { servePush } from './serve-push.ts';
import { serveReading } from './serve-reading.ts';
import { refuseHttp, refuseRequest, refuseService } from './words.ts';

/**
 * Answers one HTTP request of a session's sandbox: git's fetch and push of the session's repos, as far as its rights go,
 * with the credential added on the way. All else is refused, naming the rule.
 */
export async function serveGit(
  deps: SessionGitDeps,
  { req, res, path, meters, record }: SandboxRequest,
): Promise<void> {
  const decided: Decided = (what, refused) => {
    const verdict = refused === null ? 'allowed' : 'refused';
    void record(deps.repoHost, verdict, refused === null ? what : `${what} refused: ${refused}`);
  };
  const gone = new AbortController();
  res.once('close', () => gone.abort(new Error('the client went away')));
  const giveUp: GitCall['giveUp'] = (status, reason) => {
    // Answered already, such as a push that was refused: what it still sends is not waited for.
    if (gone.signal.aborted) return void req.socket.destroy();
    deps.log.info({ reason }, 'a request of git was given up');
    gone.abort(new Error(reason));
    if (res.headersSent) return void res.destroy();
    refuseHttp(res, status, reason);
    // It may go on to send, which is not waited for.
    const timer = setTimeout(() => req.socket.destroy(), LINGER_MS);
    whenClosed(req.socket, () => clearTimeout(timer));
  };
  const patience = new Patience(deps.pace, () => giveUp(408, tooSlow(deps.pace)));
  const asked = readGitRequest(req.method ?? '', path);
  if (asked === null) {
    decided('a request of something else than git', ONLY_GIT);
    return refuseHttp(res, 403, ONLY_GIT);
  }
  try {
    await deps.requests.run(deps.sandboxId, gone.signal, async () => {
      const call = await findCall(deps, asked, { req, res, meters, decided, signal: gone.signal, patience, giveUp });
      if (call === null) return;
      await (asked.part === 'pack' && asked.service === 'git-receive-pack' ? servePush : serveReading)(deps, call);
    });
  } catch (error) {
    if (gone.signal.aborted) return;
    if (error instanceof TooManyWaiting)
      return refuseHttp(res, 503, 'this session has too many requests of git waiting');
    if (error instanceof TooSmallPieces && !res.headersSent) return refuseHttp(res, 400, error.message);
    deps.log.warn({ err: error }, 'a request of git could not be served');
    if (res.headersSent) return void res.destroy();
    refuseHttp(res, 502, 'the repo host does not answer, or with something else than git');
  }
}

function tooSlow({ minBytesPerSecond, behindMs, totalMs }: Pace): string {
  const slowest = `${minBytesPerSecond} bytes a second over ${behindMs / 1_000} s`;
  return `this request was sent or read too slowly: at least ${slowest}, and at most ${totalMs / 60_000} min in all`;
}

/** A client that was given up has this long to read why and hang up. */
const LINGER_MS = 2_000;
/** Of a name that the sandbox chose. */
const MAX_SHOWN = 200;
const ONLY_GIT = "in this session only git's fetch and push of its repos reach the repo host";
const NOT_OF_SESSION = 'this is no repo of this session';

/** null: it was refused. */
async function findCall(
  deps: SessionGitDeps,
  asked: GitRequest,
  at: Pick<GitCall, 'req' | 'res' | 'meters' | 'decided' | 'signal' | 'patience' | 'giveUp'>,
): Promise<GitCall | null> {
  const credential = await deps.credentials.get().catch((error: unknown) => {
    if (error instanceof SessionError) return error;
    throw error;
  });
  if (credential instanceof SessionError) {
    const isAway = credential.code === 'minter_unavailable';
    if (isAway) refuseHttp(at.res, 503, 'the minter does not answer, so there is no credential to be had');
    else refuse(at, asked, `there is no credential for this any more: ${describe(credential)}`);
    return null;
  }
  const found = Object.entries(credential.cloneUrls).find(([, url]) => new URL(url).pathname === asked.repoPath);
  const repo = deps.policy.repos.find(({ id }) => id === found?.[0]);
  if (found === undefined || repo === undefined) {
    refuse(at, asked, NOT_OF_SESSION);
    return null;
  }
  if (asked.service === 'git-receive-pack' && repo.access === 'read') {
    refuse(at, asked, 'this session may read this repo and not push to it (access "read")');
    return null;
  }
  return { ...asked, ...at, repo, cloneUrl: found[1], credential };
}

function refuse({ res, decided }: Pick<GitCall, 'res' | 'decided'>, asked: GitRequest, reason: string): void {
  const verb = asked.service === 'git-receive-pack' ? 'push' : 'fetch';
  decided(`git ${verb} of ${asked.repoPath.slice(0, MAX_SHOWN)}`, reason);
  (asked.part === 'refs' ? refuseService : refuseRequest)(res, asked.service, reason);
}
