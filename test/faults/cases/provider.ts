import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/eventually.ts';
import type { FaultCase } from '../fault-case.ts';
import type { ProviderCall, ProviderFault } from '../rig/lossy-provider.ts';

const HUNG_MS = 12_000;

const broken = (name: string, call: ProviderCall, fault: ProviderFault, times: number): FaultCase => ({
  name: `provider.${call}_${name}`,
  ...(call !== 'mint' && { survivable: true }),
  async run({ provider, workload }) {
    provider.fail(call, fault, times);
    const ids = await workload.startMany(3, { lines: 5 });
    await Promise.all(ids.map((id) => workload.until(id, ({ endedAt }) => endedAt !== null)));
    if (fault === 'hang') await sleep(HUNG_MS);
    await eventually(
      () => provider.counts()[call].broken,
      (count) => count > 0,
    );
    if (fault === 'hang') provider.mend();
  },
});

const SLOW_DOWN = { status: 429, retryAfterSeconds: 2 };

export const providerCases: FaultCase[] = [
  broken('500', 'mint', { status: 500 }, 1),
  broken('429', 'mint', SLOW_DOWN, 1),
  broken('401', 'mint', { status: 401 }, 1),
  broken('hangs', 'mint', 'hang', 1),
  broken('reset_after_commit', 'mint', 'reset_after_commit', 1),
  broken('half_body', 'mint', 'half_body', 1),
  broken('500', 'delete', { status: 500 }, 6),
  broken('429', 'delete', SLOW_DOWN, 4),
  broken('401', 'delete', { status: 401 }, 4),
  broken('hangs', 'delete', 'hang', 3),
  broken('reset_after_commit', 'delete', 'reset_after_commit', 3),
  broken('half_body', 'delete', 'half_body', 3),
  broken('not_forwarded', 'delete', 'not_forwarded', 4),
  broken('500', 'verify', { status: 500 }, 4),
  broken('429', 'verify', SLOW_DOWN, 4),
  broken('hangs', 'verify', 'hang', 3),
  broken('reset_after_commit', 'verify', 'reset_after_commit', 3),
];
