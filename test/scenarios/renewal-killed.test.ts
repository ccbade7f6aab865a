import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nothingLeft, startStack, type Stack } from '../support/stack.ts';
import { endFetching, startFetching } from './renewing.ts';
import { until } from './session.ts';

/** Its last third is what another worker has to take the session over, also on a machine that has much else to do. */
const TTL_SECONDS = 36;

describe('a session whose worker is killed while it renews the token', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ DAYPASS_TOKEN_TTL_SECONDS: String(TTL_SECONDS) });
  });
  afterAll(async () => stack[Symbol.asyncDispose]());

  it.each(['worker.renewal_intended', 'worker.renewal_minted', 'worker.renewed'])(
    'has it renewed all the same: killed at %s',
    { timeout: 120_000 },
    async (failpoint) => {
      await stack.stop('worker', 'SIGKILL');
      await stack.start('worker', { DAYPASS_FAILPOINTS: `${failpoint}=kill` });
      const { id, first } = await startFetching(stack);
      await stack.process('worker').exited;
      await stack.start('worker');
      await until(stack, id, (session) => session.token?.id !== first && session.token?.state === 'active');
      const { log, formerTokens } = await endFetching(stack, id);
      expect(log).not.toContain('FAILED');
      expect(formerTokens.length).toBeGreaterThan(0);
      for (const { state } of formerTokens) expect(['revoked', 'unknown']).toContain(state);
    },
  );

  it('leaves nothing behind, all in all', async () => {
    expect(await nothingLeft(stack)).toEqual([]);
  });
});
