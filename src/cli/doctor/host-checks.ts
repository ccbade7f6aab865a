import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type Docker from 'dockerode';
import { gatewaysDir, policiesDir } from '../../egress/layout.ts';
import { askHealth } from '../../health/ask.ts';
import { requireMemoryDir } from '../../runtime/memory-dir.ts';
import { SANDBOX_IMAGE } from '../../images/sandbox-image.ts';
import { judgeVersions, versionAnswer } from '../../runtime/docker/engine-versions.ts';
import { Findings, type Check } from './check.ts';

const TIMEOUT_MS = 5_000;

/** What this machine must have: engine, image, and the places where the processes meet. */
export function hostChecks(options: {
  docker: Docker;
  runDir: string;
  memoryDir: string;
  minterSocket: string;
  wardenSocket: string;
}): Check[] {
  const { docker, runDir, memoryDir, minterSocket, wardenSocket } = options;
  return [
    {
      name: 'Docker engine',
      look: async () => {
        const { Version, ApiVersion } = await within(docker.version());
        return `version ${Version}, API ${ApiVersion}`;
      },
      mend: 'Start it (sudo systemctl start docker), or set DOCKER_HOST to where it is.',
    },
    {
      name: 'engine versions',
      look: async () => {
        const found = versionAnswer.parse(await within(docker.version()));
        const { refused, warnings } = judgeVersions(found);
        if (refused.length > 0) throw new Findings(refused);
        const parts = (found.Components ?? []).map(({ Name, Version }) => `${Name} ${Version}`).join(', ');
        return [parts, ...warnings.map((warning) => `  ! ${warning}`)].join('\n');
      },
      mend: 'Update Docker; no warden starts on what is refused.',
    },
    {
      name: `image ${SANDBOX_IMAGE}`,
      look: async () => (await within(docker.getImage(SANDBOX_IMAGE).inspect())).Id.slice('sha256:'.length, 19),
      mend: 'Build it: npm start -- --exit',
    },
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

async function within<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)), TIMEOUT_MS);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
