import { setTimeout as sleep } from 'node:timers/promises';
import { SessionError } from '../../src/errors.ts';
import { failpoint } from '../../src/ops/failpoints.ts';
import type { SessionRecord, SessionRepo } from '../../src/session/record.ts';
import type { SandboxGrant } from '../../src/token/minter/client.ts';
import { changeHeld } from '../change-held.ts';
import type { WorkerDeps } from '../deps.ts';
import { cloneCommands, cloneProblem, tooOldGit, type CloneProblem } from '../git-clone.ts';
import type { StepResult } from '../init-client.ts';
import { tell } from '../tell.ts';
import type { OpenSandbox } from './open-sandbox.ts';

/** A repo host that restarts is back within this time. */
const RETRY_TRANSPORT_MS = 30_000;
const RETRY_EVERY_MS = 1_000;
const LAST_LINES = 5;

/**
 * Clones the session's repos inside its sandbox, one after another, as the agent's user, and writes down the commit of
 * each; null for an empty one. What an earlier worker cloned is cloned again: it may have died in the middle of it.
 */
export async function cloneRepos(
  deps: WorkerDeps,
  session: SessionRecord,
  sandbox: OpenSandbox,
  grant: SandboxGrant,
  stopped: AbortSignal,
): Promise<void> {
  if (session.request.repos.length > 0) await requireGit(sandbox);
  // One path may lie in another: git clones into a directory only while that is empty, so the outer one goes first.
  const outerFirst = [...session.request.repos.entries()].toSorted(([, a], [, b]) => a.path.length - b.path.length);
  for (const [i, repo] of outerFirst) await cloneRepo(deps, session, sandbox, grant, { ...repo, at: i }, stopped);
  await failpoint('worker.cloned');
}

async function requireGit({ init }: OpenSandbox): Promise<void> {
  const { stdout, exitCode } = await init.runStep('git', '/workspace', ['git', '--version']);
  if (exitCode === 127) throw new SessionError('clone_failed', 'The image has no git, which cloning a repo needs');
  const version = tooOldGit(stdout);
  if (version !== null)
    throw new SessionError('git_too_old', 'The image’s git is too old; Daypass needs 2.20 or later', { said: version });
}

async function cloneRepo(
  deps: WorkerDeps,
  session: SessionRecord,
  { init }: OpenSandbox,
  grant: SandboxGrant,
  repo: SessionRepo & { at: number },
  stopped: AbortSignal,
): Promise<void> {
  const dir = `/workspace/${repo.path}`;
  const began = performance.now();
  const commands = cloneCommands(repo, grant.access.cloneUrls[repo.id] ?? '', dir);
  const mask = deps.masks.of(session.id);
  // As the request says it, in whose words a secret may be.
  const [path, ref] = [mask(repo.path), repo.ref && mask(repo.ref)];
  await tell(deps, session.id, { type: 'clone_started', detail: { repo: repo.id, path, ref } });
  if (session.term > 1) await init.runStep('clone', '/workspace', ['rm', '-rf', '--', dir]);
  for (;;) {
    const failed = await runAll(init, commands);
    if (failed === null) break;
    const problem = cloneProblem(failed.stderr);
    stopped.throwIfAborted();
    if (problem !== 'transport' || performance.now() - began > RETRY_TRANSPORT_MS)
      throw cloneError(repo, problem, failed);
    await sleep(RETRY_EVERY_MS, undefined, { signal: stopped });
    await init.runStep('clone', '/workspace', ['rm', '-rf', '--', dir]);
  }
  const head = await init.runStep('head', dir, ['git', 'rev-parse', '--verify', '--quiet', 'HEAD']);
  const commit = head.exitCode === 0 ? commitIn(head.stdout) : null;
  const cloneMs = Math.round(performance.now() - began);
  await changeHeld(deps, session, ({ session: now }) => ({
    session: { ...now, heads: now.request.repos.map((_, i) => (i === repo.at ? commit : (now.heads[i] ?? null))) },
    events: [{ type: 'cloned', detail: { repo: repo.id, path, head: commit, cloneMs } }],
  }));
}

/** The first command that fails, or null. */
async function runAll(init: OpenSandbox['init'], commands: string[][]): Promise<StepResult | null> {
  for (const argv of commands) {
    const result = await init.runStep('clone', '/workspace', argv);
    if (result.exitCode !== 0) return result;
  }
  return null;
}

function cloneError({ id, path, ref }: SessionRepo, problem: CloneProblem, result: StepResult): SessionError {
  if (problem === 'ref')
    return new SessionError('ref_not_found', `Repo ${id} has no such branch, tag or commit`, { said: ref ?? 'HEAD' });
  if (problem === 'disk_full')
    return new SessionError(
      'out_of_disk',
      `Repo ${id} does not fit on the session’s disk; ask for more in resources.diskMb`,
    );
  const said = result.stderr
    .trim()
    .split(/[\r\n]+/)
    .slice(-LAST_LINES)
    .join('; ');
  return new SessionError('clone_failed', `Repo ${id} could not be cloned (git exit ${result.exitCode})`, {
    said: `to ${path}: ${said}`,
  });
}

/** What the sandbox's git says is what its image says: it is taken for a commit only where it looks like one. */
function commitIn(stdout: string): string | null {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.exec(stdout.trim())?.[0] ?? null;
}
