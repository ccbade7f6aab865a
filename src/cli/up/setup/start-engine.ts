import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../../../settings.ts';
import { CommandFailure } from '../failure.ts';
import { lastLines } from '../run-program.ts';
import { recordEngine } from './engine-record.ts';

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 200;

/**
 * Starts dockerd in a session of its own, so that it survives us and the terminal, and resolves when it answers. Its
 * containers survive its restart in turn. Throws with its last words.
 */
export async function startEngine(options: {
  env: Environment;
  dataDir: string;
  answers: () => Promise<boolean>;
}): Promise<void> {
  const logFile = join(options.dataDir, 'logs', 'dockerd.log');
  await mkdir(join(options.dataDir, 'logs'), { recursive: true, mode: 0o700 });
  await using log = await open(logFile, 'w', 0o600);
  const engine = spawn('dockerd', ['--live-restore'], {
    env: options.env,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  await once(engine, 'spawn');
  engine.unref();
  await recordEngine(options.dataDir, engine.pid ?? 0);
  const until = Date.now() + START_TIMEOUT_MS;
  while (!(await options.answers())) {
    const ended = engine.exitCode !== null || engine.signalCode !== null;
    if (ended || Date.now() > until) {
      const what = ended ? 'dockerd ended at once' : `dockerd did not answer within ${START_TIMEOUT_MS / 1_000} s`;
      throw new CommandFailure(`${what}. The end of ${logFile}:\n${lastLines(await readFile(logFile, 'utf8'))}`);
    }
    await sleep(POLL_MS);
  }
}
