import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { nothingLeft, startStack } from '../support/stack.ts';
import { createRepo, settled, startSession, until } from './session.ts';

it('a sandbox ends by itself soon after its deadline when its worker, the API and Redis are all gone', async () => {
  await using stack = await startStack();
  const repo = await createRepo(stack);
  const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sleep', '600'], timeoutSeconds: 15 });
  await until(stack, id, ({ status }) => status === 'running');
  for (const role of ['worker', 'api'] as const) await stack.stop(role, 'SIGKILL');
  await stack.redis.kill();
  await eventually(
    () => stack.containers(),
    (found) => found.length === 1 && found[0]?.State === 'exited',
    { timeoutMs: 60_000, everyMs: 200 },
  );
  await stack.redis.restart();
  await stack.start('api');
  await stack.start('worker');
  expect(await settled(stack, id)).toMatchObject({
    status: 'timed_out',
    failure: null,
    token: { state: 'revoked' },
  });
  expect(await nothingLeft(stack)).toEqual([]);
}, 150_000);
