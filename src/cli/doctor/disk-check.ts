import type { EngineApi } from '../../runtime/docker/engine-api.ts';
import { hostFacts } from '../../runtime/docker/host-facts.ts';
import type { DiskWay } from '../../runtime/docker/workspace.ts';
import type { Check } from './check.ts';

const TIMEOUT_MS = 5_000;

/** How the warden makes workspaces. The lesser way is no fault, but nobody should have it without knowing. */
export function diskCheck(warden: EngineApi): Check {
  return {
    name: 'disk way',
    look: async () => {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const { disks } = await warden.call({ method: 'GET', path: '/daypass/host', signal, answer: hostFacts });
      return inWords(disks);
    },
    mend: 'Start the warden; its log says why it ended.',
  };
}

function inWords(way: DiskWay): string {
  return way.way === 'ext4' ? 'ext4 loop' : `tmpfs because ${way.because}`;
}
