import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { watchForCrash } from '../../support/crashes.ts';

const MAIN = join(import.meta.dirname, '../../../src/git-host/main.ts');

/** The git host as a process of its own, on a free port. It is killed with the stack; what it logs is dropped. */
export async function startHostProcess(
  cleanup: AsyncDisposableStack,
  options: { dataDir: string; key: string; settings?: Record<string, string> },
): Promise<{ child: ChildProcess; url: string }> {
  const { dataDir, key, settings } = options;
  const env = {
    DAYPASS_DATA_DIR: dataDir,
    DAYPASS_GIT_HOST_LISTEN: '127.0.0.1:0',
    DAYPASS_GIT_HOST_KEYS: key,
    ...settings,
  };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const watched = watchForCrash(child, MAIN);
  createInterface(child.stderr).on('line', watched.heard);
  cleanup.defer(() => void child.kill('SIGKILL'));
  const lines = createInterface(child.stdout);
  const [line] = (await once(lines, 'line')) as [string];
  watched.ready();
  // Read on, so that the pipe never fills up.
  lines.on('line', watched.heard);
  return { child, url: (JSON.parse(line) as { url: string }).url };
}
