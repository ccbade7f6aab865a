import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadEngineConfig } from '../../../config.ts';
import { connectDocker } from '../../../runtime/docker/connect.ts';
import { defaultMemoryDir } from '../../../runtime/memory-dir.ts';
import { endForsaken } from '../ending/end-forsaken.ts';
import { CommandFailure } from '../failure.ts';
import { holderOf } from '../installation/lock.ts';
import { isStillRunning, type ProcessIdentity } from '../installation/process-identity.ts';
import { readSecrets } from '../installation/secrets.ts';
import { dataDirOf } from '../installation/settings.ts';
import { forgetEngine, ownEngine } from '../setup/engine-record.ts';
import type { CommandContext } from './context.ts';

/** More than everything that the end of a start may take, together. */
const END_TIMEOUT_MS = 120_000;
const POLL_MS = 100;

/** Asks the running start to end and waits for it; with `--engine` ends the Docker engine too, if a start had to start it. */
export async function down(context: CommandContext): Promise<number> {
  const { env, root, progress, args } = context;
  const dataDir = dataDirOf(env, root);
  const holder = await holderOf(dataDir);
  if (holder !== null) await progress.step(`end process ${holder.pid}`, () => endProcess(holder));
  else if (!(await endLeft(dataDir, context))) progress.line(`Nothing runs on ${dataDir}.`);
  if (args.includes('--engine')) {
    const engine = await ownEngine(dataDir);
    if (engine === null) progress.line('The Docker engine was not started from here, so it stays.');
    else await progress.step('end Docker engine', () => endProcess(engine));
    await forgetEngine(dataDir);
  }
  return 0;
}

/** False: a killed start has left nothing. */
async function endLeft(dataDir: string, { env, progress }: CommandContext): Promise<boolean> {
  const secrets = await readSecrets(dataDir);
  if (secrets === null) return false;
  const installation = env['DAYPASS_INSTALLATION'] || secrets.installation;
  const memoryDir = env['DAYPASS_MEMORY_DIR'] || defaultMemoryDir(installation);
  const diskDir = resolve(env['DAYPASS_DISK_DIR'] || join(dataDir, 'disks'));
  const { dockerHost, certDir } = loadEngineConfig(env);
  const docker = connectDocker(dockerHost, certDir);
  const left = await endForsaken({ dataDir, installation, memoryDir, diskDir, docker });
  if (left.length === 0) return false;
  progress.line(`Ended what a killed start had left: ${left.join(', ')}. Its tokens are deleted at the next start.`);
  return true;
}

async function endProcess(identity: ProcessIdentity): Promise<void> {
  process.kill(identity.pid, 'SIGTERM');
  const until = Date.now() + END_TIMEOUT_MS;
  while (isStillRunning(identity)) {
    if (Date.now() > until)
      throw new CommandFailure(`Process ${identity.pid} did not end within ${END_TIMEOUT_MS / 1_000} s.`);
    await sleep(POLL_MS);
  }
}
