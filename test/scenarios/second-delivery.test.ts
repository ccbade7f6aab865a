import { expect, it } from 'vitest';
import { openSessionsQueue } from '../../src/queue/sessions-queue.ts';
import { connectPatientRedis } from '../../src/store/redis.ts';
import { eventually } from '../support/eventually.ts';
import { nothingLeft, startStack } from '../support/stack.ts';
import { createRepo, getSession, settled, startSession, until } from './session.ts';

/** Long enough for the reconciler to look twice. */
const LOOKS_MS = 7_000;

it('a job that is delivered again does not disturb the run that goes on', async () => {
  await using stack = await startStack();
  const repo = await createRepo(stack);
  const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sleep', '600'] });
  await until(stack, id, ({ status }) => status === 'running');

  const redis = connectPatientRedis(stack.redis.url);
  const queue = openSessionsQueue(redis);
  // As a worker gets it whose lock was lost: the same session once more.
  await queue.add('run', { sessionId: id }, { jobId: 'again', removeOnComplete: true });
  await eventually(
    () => queue.getJob('again'),
    (job) => job === undefined,
  );
  await queue.close();
  redis.disconnect();

  const since = Date.now();
  const workers = async () =>
    ((await (await stack.call('GET', '/v1/workers')).json()) as { data: { seenAt: string; running: string[] }[] }).data;
  const [worker] = await eventually(workers, ([one]) => Date.parse(one?.seenAt ?? '') > since + LOOKS_MS, {
    timeoutMs: 30_000,
  });
  expect(worker?.running).toEqual([id]);
  expect((await getSession(stack, id)).status).toBe('running');
  await stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 0 });
  await settled(stack, id);
  expect(await nothingLeft(stack)).toEqual([]);
});
