import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { describe } from '../../../errors.ts';
import { infoAnswer, kindProblems } from '../../../runtime/docker/engine-kind.ts';
import { judgeVersions, versionAnswer } from '../../../runtime/docker/engine-versions.ts';
import { unlessEnded } from '../ending/end-signals.ts';
import { CommandFailure } from '../failure.ts';
import { programName } from '../installation/process-identity.ts';
import { ensurePrograms, type InstallDeps } from './install.ts';
import { ENGINE_NEEDS } from './needs.ts';
import { contextProblem } from './selected-context.ts';
import { startEngine } from './start-engine.ts';

const ASK_TIMEOUT_MS = 10_000;
const COMING_UP_TIMEOUT_MS = 30_000;
const POLL_MS = 200;
/** Where dockerd and its containerd note their process, and refuse to start when that number runs. */
const PID_FILES = { dockerd: '/var/run/docker.pid', containerd: '/var/run/docker/containerd/containerd.pid' };

export interface EngineDeps extends InstallDeps {
  docker: Docker;
  dataDir: string;
}

/**
 * Sees to it that a Docker engine answers: the one that is there, else one that is started at the default socket and
 * stays up after us. Throws with what to do where it may not start one, or no sandbox could be made on the one that is there.
 */
export async function ensureEngine(deps: EngineDeps): Promise<void> {
  const problem = await contextProblem(deps.machine.env);
  if (problem !== null) throw new CommandFailure(problem);
  await ensureAnswer(deps);
  await requireKind(deps.docker);
}

async function ensureAnswer(deps: EngineDeps): Promise<void> {
  const { docker, machine, progress } = deps;
  const refusal = await whyNoAnswer(docker);
  if (refusal === null) return;
  const host = machine.env['DOCKER_HOST'] ?? '';
  if (host !== '') {
    throw new CommandFailure(
      `DOCKER_HOST is ${host}, and no engine answers there (${refusal}). Start it, or unset DOCKER_HOST.`,
    );
  }
  if (!machine.isRoot) throw new CommandFailure(adviceTo(refusal));
  if (programName(await pidIn(PID_FILES.dockerd)) === 'dockerd') {
    return progress.step('Docker engine that is starting', () => untilAnswer(docker));
  }
  await ensurePrograms(deps, ENGINE_NEEDS);
  for (const [program, file] of Object.entries(PID_FILES)) {
    // A number left by a dead engine may be another program's by now, which would keep the new one from starting.
    if (programName(await pidIn(file)) !== program) await rm(file, { force: true });
  }
  await progress.step('Docker engine', () =>
    startEngine({ env: machine.env, dataDir: deps.dataDir, answers: async () => (await whyNoAnswer(docker)) === null }),
  );
}

/** As the warden looks at it, but before an image is built on it. */
async function requireKind(docker: Docker): Promise<void> {
  const [version, info] = await Promise.all([docker.version(), docker.info()]);
  const read = versionAnswer.parse(version);
  const problems = [
    ...judgeVersions(read).refused.map((sentence) => `${sentence}. Update it.`),
    ...kindProblems(read, infoAnswer.parse(info)),
  ];
  if (problems.length > 0) throw new CommandFailure(`This Docker engine is refused. ${problems.join(' ')}`);
}

/** null: it answers. */
async function whyNoAnswer(docker: Docker): Promise<string | null> {
  try {
    await unlessEnded(AbortSignal.timeout(ASK_TIMEOUT_MS), docker.ping());
    return null;
  } catch (error) {
    return describe(error);
  }
}

async function untilAnswer(docker: Docker): Promise<void> {
  const until = Date.now() + COMING_UP_TIMEOUT_MS;
  let refusal = await whyNoAnswer(docker);
  while (refusal !== null) {
    if (Date.now() > until) throw new CommandFailure(`A Docker engine runs here, but does not answer: ${refusal}`);
    await sleep(POLL_MS);
    refusal = await whyNoAnswer(docker);
  }
}

async function pidIn(file: string): Promise<number> {
  return Number(await readFile(file, 'utf8').catch(() => '0'));
}

function adviceTo(refusal: string): string {
  if (refusal.includes('EACCES')) {
    return 'The Docker engine may not be used by this user. Allow it, then log in again:\n  sudo usermod -aG docker "$USER"';
  }
  return (
    `No Docker engine answers (${refusal}). Start it:\n  sudo systemctl start docker\n` +
    'or, where there is none, install it:\n  sudo apt-get install --no-install-recommends docker.io iptables'
  );
}
