import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nothingLeft, startStack, type Stack } from '../support/stack.ts';
import { endFetching, startFetching } from './renewing.ts';
import { createRepo, getSession, logOf, settled, startSession, until } from './session.ts';

const TTL_SECONDS = 12;

describe('a session that outlives its token', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ DAYPASS_TOKEN_TTL_SECONDS: String(TTL_SECONDS) });
  });
  afterAll(async () => stack[Symbol.asyncDispose]());

  const token = async (id: string): Promise<{ state: string; verifiedAt: string | null }> => {
    const { data } = (await (await stack.call('GET', '/v1/tokens?limit=100')).json()) as {
      data: { id: string; state: string; verifiedAt: string | null }[];
    };
    return data.find((one) => one.id === id) ?? { state: 'none', verifiedAt: null };
  };
  it('has another one in its place before that ends, and the agent notices nothing', { timeout: 60_000 }, async () => {
    const { id, first } = await startFetching(stack);
    const renewed = await until(stack, id, (session) => session.token?.id !== first);
    expect(renewed).toMatchObject({ status: 'running', token: { state: 'active' } });
    // Extended past the end of either of them.
    expect((await stack.call('POST', `/v1/sessions/${id}/extend`, { timeoutSeconds: 300 })).status).toBe(200);
    await expect.poll(() => token(first), { timeout: 30_000 }).toMatchObject({ state: 'revoked' });
    expect((await token(first)).verifiedAt).not.toBeNull();
    const { log, formerTokens } = await endFetching(stack, id);
    expect(log).not.toContain('FAILED');
    expect(log.match(/fetched/g)?.length).toBeGreaterThan(10);
    expect(formerTokens.map(({ state }) => state)).toEqual(['revoked']);
  });

  it(
    'ends with every token that it had when it is stopped by “revoke now” after a renewal',
    { timeout: 60_000 },
    async () => {
      const { id, first } = await startFetching(stack);
      await until(stack, id, (session) => session.token?.id !== first);
      // The first may be on its way out by now, or still be live.
      await stack.call('POST', `/v1/sessions/${id}/stop`, { revoke: 'now', graceSeconds: 30 });
      await expect.poll(() => token(first)).toMatchObject({ state: 'revoked' });
      await settled(stack, id);
      expect((await getSession(stack, id)).token).toMatchObject({ state: 'revoked' });
    },
  );

  it(
    'has its token renewed in the grace after its deadline, too, and pushes with that',
    { timeout: 60_000 },
    async () => {
      const repo = await createRepo(stack);
      const push = 'sleep 8; git push -q origin HEAD:refs/heads/last && echo pushed; exit 0';
      const command = ['sh', '-c', `trap "${push}" TERM; while :; do sleep 0.1; done`];
      // The second token is minted 8 s after the first, and dies within the grace.
      const body = { repos: [{ id: repo }], credentials: { delivery: 'gateway' }, command, timeoutSeconds: 14 };
      const { id } = await startSession(stack, body);
      const inItsGrace = await until(stack, id, ({ status }) => status === 'stopping');
      const ended = await settled(stack, id);
      expect(ended).toMatchObject({ status: 'timed_out', exitCode: 0, token: { state: 'revoked' } });
      expect(ended.token?.id).not.toBe(inItsGrace.token?.id);
      expect(await logOf(stack, id)).toContain('pushed');
    },
  );

  it('leaves nothing behind, all in all', async () => {
    expect(await nothingLeft(stack)).toEqual([]);
  });
});
