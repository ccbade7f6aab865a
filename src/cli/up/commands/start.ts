import { loadEngineConfig } from '../../../config.ts';
import { connectDocker } from '../../../runtime/docker/connect.ts';
import { endAll } from '../ending/end-all.ts';
import { takeEndSignals, unlessEnded } from '../ending/end-signals.ts';
import { CommandFailure } from '../failure.ts';
import { createApiClient } from '../installation/api-client.ts';
import { takeLock } from '../installation/lock.ts';
import { prepareStart } from '../installation/prepare-start.ts';
import { removeStartFile, writeStartFile } from '../installation/start-file.ts';
import { seconds } from '../progress.ts';
import { runSample } from '../sample/run-sample.ts';
import { lookAtMachine } from '../setup/machine.ts';
import { setUp } from '../setup/set-up.ts';
import { endForsakenRoles } from '../supervisor/role-record.ts';
import type { CommandContext } from './context.ts';
import { failureLines } from './failure-lines.ts';
import { startInstallation } from './start-installation.ts';
import { welcome } from './welcome.ts';

/**
 * Sets up, starts the roles, runs the sample, and stays up until it is asked to end; with `--exit` it ends after the sample.
 * Resolves with the exit code: 0 when all held. Throws when it did not get so far, or something was left.
 */
export async function start({ env, root, progress, args }: CommandContext): Promise<number> {
  const startedAt = Date.now();
  const endsAfterSample = args.includes('--exit');
  const signals = takeEndSignals();
  const machine = await lookAtMachine(env);
  const { dataDir, claimAddresses } = await prepareStart({ env: machine.env, root });
  const { dockerHost, certDir } = loadEngineConfig(env);
  const docker = connectDocker(dockerHost, certDir);
  await using stack = new AsyncDisposableStack();
  stack.use(await takeLock(dataDir));
  // One that a killed start has left would pass for ours until the sample has ended.
  await removeStartFile(dataDir);
  const forsaken = await endForsakenRoles(dataDir);
  if (forsaken.length > 0) progress.line(`! ended what a killed start had left: ${forsaken.join(', ')}`);
  const plan = await claimAddresses();
  await setUp('start', { machine, progress, docker, dataDir, signal: signals.end });
  const installation = await startInstallation({ plan, root, dataDir, progress, signal: signals.end });
  const api = createApiClient(plan);

  let exitCode = 0;
  try {
    const sample = runSample({ progress, api, repoHost: plan.repoHost, checkout: root, env: machine.env });
    const repoId = await unlessEnded(signals.end, sample);
    const { apiUrl, apiKey, gitHostUrl, gitHostApiKey } = plan;
    await writeStartFile(dataDir, { apiUrl, apiKey, gitHostUrl, gitHostApiKey, pid: process.pid });
    progress.line(`✓ sample done  ${seconds(Date.now() - startedAt)}`);
    if (!endsAfterSample) {
      for (const line of welcome({ apiUrl, apiKey, repoId })) progress.line(line);
      await untilAborted(signals.end);
    }
  } catch (error) {
    // Asked to end before the sample had: no failure, unless the sample is all that was wanted.
    exitCode = signals.end.aborted && !endsAfterSample ? 0 : 1;
    if (!signals.end.aborted) for (const line of failureLines(error, installation.supervisor)) progress.line(line);
  }
  const left = await endAll({ progress, api, docker, plan, dataDir, ...installation, hurry: signals.hurry });
  if (left.length > 0) throw new CommandFailure(`Not all could be cleaned up in order:\n  ${left.join('\n  ')}`);
  return exitCode;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
