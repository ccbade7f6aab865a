import { request } from 'node:http';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { gatewaysDir, policiesDir } from '../../egress/layout.ts';
import { requireMemoryDir } from '../../runtime/memory-dir.ts';
import type { Check } from './check.ts';
import { within } from './within.ts';

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
        return runDir;
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
        await within(ask(wardenSocket, '/_ping'));
        return wardenSocket;
      },
      mend: 'Start the warden with the same DAYPASS_RUN_DIR as the worker; its log says why it ended.',
    },
    {
      name: 'minter',
      look: async () => {
        await within(ask(minterSocket, '/healthz'));
        return minterSocket;
      },
      mend: 'Start the minter with the same DAYPASS_RUN_DIR as the worker; its log says why it ended.',
    },
  ];
}

async function ask(socketPath: string, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const sent = request({ socketPath, path }, (response) => {
    response.resume();
    if (response.statusCode === 200) resolve();
    else reject(new Error(`it answered ${response.statusCode}`));
  });
  sent.on('error', reject);
  sent.end();
  return promise;
}
