import { expect } from 'vitest';
import { createRepo, logOf, settled, startSession, until } from './session.ts';
import type { Stack } from '../support/stack.ts';

const FETCHING = 'while :; do git fetch 2>&1 && echo fetched || echo FAILED; sleep 0.2; done';

/** A running session that has its token with the gateway and uses it all the time, and the id of its first token. */
export async function startFetching(stack: Stack): Promise<{ id: string; first: string }> {
  const repos = [{ id: await createRepo(stack) }];
  const credentials = { delivery: 'gateway' };
  const { id } = await startSession(stack, {
    repos,
    credentials,
    command: ['sh', '-c', FETCHING],
    timeoutSeconds: 120,
  });
  const { token } = await until(stack, id, ({ status }) => status === 'running');
  return { id, first: token?.id ?? '' };
}

/** Ends a session; its log, and the tokens that it had before its last one. */
export async function endFetching(
  stack: Stack,
  id: string,
): Promise<{ log: string; formerTokens: { state: string }[] }> {
  await stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 0 });
  await settled(stack, id);
  const receipt = async (): Promise<{ final: boolean; formerTokens: { state: string }[] }> =>
    (await stack.call('GET', `/v1/sessions/${id}/receipt`)).json() as never;
  await expect.poll(receipt, { timeout: 20_000 }).toMatchObject({ final: true });
  return { log: await logOf(stack, id), ...(await receipt()) };
}
