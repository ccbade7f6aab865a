import { setTimeout as sleep } from 'node:timers/promises';
import type { Role } from '../../support/stack.ts';
import { eventually } from '../../support/eventually.ts';
import type { FaultCase } from '../fault-case.ts';

const UNDER_WAY_TIMEOUT_MS = 40_000;
const BACK_TIMEOUT_MS = 40_000;
const AWAY_MS = 2_000;
/** Renewed after 8 s; the session outlives it. */
const SHORT_LIVED = { DAYPASS_TOKEN_TTL_SECONDS: '12' };
/** The intent is written, and Redis goes before anything comes of it. */
const RENEWS_SLOWLY = { DAYPASS_FAILPOINTS: 'worker.renewal_intended=sleep:500' };

/** The push is in the middle of the gateway when the role dies, and goes on once it is back. */
const killedDuringPush = (role: Role): FaultCase => ({
  name: `gateway_delivery.${role}_killed_during_push`,
  survivable: true,
  async run({ provider, stack, supervision, workload }) {
    provider.fail('push', 'held');
    await workload.startMany(3, { delivery: 'gateway' });
    await eventually(
      () => provider.counts().push.broken,
      (count) => count > 0,
      { timeoutMs: UNDER_WAY_TIMEOUT_MS },
    );
    const lives = supervision.restarts(role);
    await stack.stop(role, 'SIGKILL');
    await eventually(
      () => supervision.restarts(role),
      (count) => count > lives,
      { timeoutMs: BACK_TIMEOUT_MS },
    );
    provider.mend();
  },
});

/** Sessions that have their token with the gateway: what dies while that acts in their name. */
export const gatewayDeliveryCases: FaultCase[] = [
  killedDuringPush('worker'),
  killedDuringPush('gateway'),
  killedDuringPush('minter'),
  {
    name: 'gateway_delivery.push_reset_after_commit',
    survivable: true,
    async run({ provider, workload }) {
      provider.fail('push', 'reset_after_commit', 3);
      const ids = await workload.startMany(3, { delivery: 'gateway' });
      await Promise.all(ids.map((id) => workload.until(id, ({ endedAt }) => endedAt !== null)));
      if (provider.counts().push.broken === 0) throw new Error('no push was broken');
    },
  },
  {
    name: 'gateway_delivery.redis_away_during_renewal',
    survivable: true,
    async run({ stack, supervision, workload }) {
      await supervision.restart('worker', { ...SHORT_LIVED, ...RENEWS_SLOWLY });
      const id = await workload.start({ lines: 150, delivery: 'gateway' });
      const { token } = await workload.until(id, ({ status }) => status === 'running');
      const intended = async (): Promise<number> =>
        ((await (await stack.call('GET', '/v1/tokens')).json()) as { data: unknown[] }).data.length;
      await eventually(intended, (count) => count > 1, { timeoutMs: UNDER_WAY_TIMEOUT_MS });
      await stack.redis.kill();
      await sleep(AWAY_MS);
      await stack.redis.restart();
      const renewed = await workload.until(id, (session) => session.token?.id !== token?.id);
      if (renewed.endedAt !== null) throw new Error('the session ended before its token was renewed');
    },
  },
];
