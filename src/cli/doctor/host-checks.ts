import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { decisionsDir, gatewaysDir, policiesDir } from '../../egress/layout.ts';
import { askHealth } from '../../health/ask.ts';
import { isInMemory, requireMemoryDir } from '../../runtime/memory-dir.ts';
import type { Check } from './check.ts';

const TIMEOUT_MS = 5_000;

/** The places where the processes of a host meet. */
export function hostChecks(options: {
  runDir: string;
  memoryDir: string;
  minterSocket: string;
  wardenSocket: string;
}): Check[] {
  const { runDir, memoryDir, minterSocket, wardenSocket } = options;
  return [
    {
      name: 'run directory',
      look: async () => {
        await access(runDir, constants.W_OK);
        // Until a worker has started, it is not there.
        if (await isInMemory(decisionsDir(runDir)).catch(() => isInMemory(runDir))) return runDir;
        return [
          runDir,
          `  ! ${decisionsDir(runDir)} is on a disk, and the host names in it are not masked: an agent may have put a secret into one`,
          '    Name a directory on a tmpfs as DAYPASS_RUN_DIR.',
        ].join('\n');
      },
      mend: 'Start the roles, which make it, or name another DAYPASS_RUN_DIR that this user may write to.',
    },
    {
      name: 'memory directory',
      look: async () => requireMemoryDir(memoryDir),
      mend: 'Name a directory on a tmpfs as DAYPASS_MEMORY_DIR, of the user that the warden runs as.',
    },
    {
      name: 'gateway',
      look: async () => {
        for (const dir of [policiesDir(runDir), gatewaysDir(runDir)]) await access(dir, constants.W_OK);
        return policiesDir(runDir);
      },
      mend: 'Start the gateway with the same DAYPASS_RUN_DIR as the worker.',
    },
    {
      name: 'warden',
      look: async () => {
        await askHealth({ socketPath: wardenSocket }, '/_ping', TIMEOUT_MS);
        return wardenSocket;
      },
      mend: 'Start the warden with the same DAYPASS_RUN_DIR as the worker; its log says why it ended.',
    },
    {
      name: 'minter',
      look: async () => {
        await askHealth({ socketPath: minterSocket }, '/healthz', TIMEOUT_MS);
        return minterSocket;
      },
      mend: 'Start the minter with the same DAYPASS_RUN_DIR as the worker; its log says why it ended.',
    },
  ];
}
