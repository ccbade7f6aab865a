import { loadEngineConfig } from '../../../config.ts';
import { connectDocker } from '../../../runtime/docker/connect.ts';
import { dataDirOf } from '../installation/settings.ts';
import { lookAtMachine } from '../setup/machine.ts';
import { setUp } from '../setup/set-up.ts';
import { takeEndSignals } from '../ending/end-signals.ts';
import { mkdir } from 'node:fs/promises';
import type { CommandContext } from './context.ts';

/** The set-up of a command that starts no roles itself. */
export async function setUpFor(purpose: 'start' | 'test', { env, root, progress }: CommandContext): Promise<void> {
  const { dockerHost, certDir } = loadEngineConfig(env);
  const docker = connectDocker(dockerHost, certDir);
  const machine = await lookAtMachine(env);
  const dataDir = dataDirOf(env, root);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const { end } = takeEndSignals();
  await setUp(purpose, { machine, progress, docker, dataDir, signal: end });
}
