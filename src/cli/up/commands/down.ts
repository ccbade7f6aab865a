import { setTimeout as sleep } from 'node:timers/promises';
import { CommandFailure } from '../failure.ts';
import { holderOf } from '../installation/lock.ts';
import { isStillRunning, type ProcessIdentity } from '../installation/process-identity.ts';
import { dataDirOf } from '../installation/settings.ts';
import { forgetEngine, ownEngine } from '../setup/engine-record.ts';
import { endForsakenRoles } from '../supervisor/role-record.ts';
import type { CommandContext } from './context.ts';

/** More than everything that the end of a start may take, together. */
const END_TIMEOUT_MS = 120_000;
const POLL_MS = 100;

/** Asks the running start to end and waits for it; with `--engine` ends the Docker engine too, if a start had to start it. */
export async function down({ env, root, progress, args }: CommandContext): Promise<number> {
  const dataDir = dataDirOf(env, root);
  const holder = await holderOf(dataDir);
  if (holder === null) progress.line(`Nothing runs on ${dataDir}.`);
  else await progress.step(`end process ${holder.pid}`, () => endProcess(holder));
  const forsaken = await endForsakenRoles(dataDir);
  if (forsaken.length > 0) progress.line(`Ended what a killed start had left: ${forsaken.join(', ')}`);
  if (args.includes('--engine')) {
    const engine = await ownEngine(dataDir);
    if (engine === null) progress.line('The Docker engine was not started from here, so it stays.');
    else await progress.step('end Docker engine', () => endProcess(engine));
    await forgetEngine(dataDir);
  }
  return 0;
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
