import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EngineApi } from '../../runtime/docker/engine-api.ts';
import { hostFacts } from '../../runtime/docker/host-facts.ts';
import { requireExecMount, runInitOnce } from '../../warden/tools/require-exec.ts';
import { NotSeen, type Check } from './check.ts';

const TIMEOUT_MS = 5_000;
const CONTENT = /^[0-9a-f]{64}$/;

/**
 * Whether programs may run where the tools of sandboxes lie: where the warden has them, if it answers, else in `toolsDir`, where
 * it would put them.
 */
export function toolsCheck(toolsDir: string, warden: EngineApi | null): Check {
  return {
    name: 'tools directory',
    look: async () => {
      const used = warden === null ? null : await usedBy(warden);
      const dir = used === null ? toolsDir : dirname(used);
      const there = await nearest(dir);
      await requireExecMount(dir, there);
      for (const tools of used === null ? await toolsIn(dir) : [used]) {
        await requireEntry(tools);
        await runInitOnce(tools);
      }
      return used ?? (there === dir ? dir : `${dir}, which the warden is to make`);
    },
    mend: 'Set DAYPASS_TOOLS_DIR to such a directory for the warden, and start it again.',
  };
}

/** null: no warden answers, which is a check of its own. */
async function usedBy(warden: EngineApi): Promise<string | null> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const call = { method: 'GET', path: '/daypass/host', signal, answer: hostFacts } as const;
  return warden.call(call).then(
    ({ toolsDir }) => toolsDir,
    () => null,
  );
}

/** The directory, or the nearest above it that is there. */
async function nearest(dir: string): Promise<string> {
  const isThere = await access(dir).then(
    () => true,
    () => false,
  );
  return isThere || dir === dirname(dir) ? dir : nearest(dirname(dir));
}

async function requireEntry(dir: string): Promise<void> {
  await access(dir, constants.X_OK).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EACCES' ? new NotSeen(`as user ${process.getuid?.()} may not enter ${dir}`) : error;
  });
}

async function toolsIn(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'EACCES') return [];
    throw error;
  });
  return names.filter((name) => CONTENT.test(name)).map((name) => join(dir, name));
}
