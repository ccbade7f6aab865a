import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { INIT_PROTOCOL_VERSION } from '../../src/runtime/init-protocol.ts';
import { readSession } from '../../src/store/records.ts';
import { connectPatientRedis } from '../../src/store/redis.ts';
import { eventually } from '../support/eventually.ts';
import { nothingLeft, startStack, type Stack } from '../support/stack.ts';
import { createRepo, getSession, logOf, settled, startSession, until } from './session.ts';

const LINES = 120;
/** Prints its lines over six seconds, first to one stream and then to the other, in the middle of a line. */
const COUNT = `echo start >> .git/starts; i=1; while [ $i -le ${LINES} ]; do printf "line "; sleep 0.05; echo $i; i=$((i+1)); done; wc -l < .git/starts >&2; exit 3`;

async function runningSession(stack: Stack, over: Record<string, unknown> = {}) {
  const repo = await createRepo(stack);
  const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sh', '-c', COUNT], ...over });
  await until(stack, id, ({ status }) => status === 'running');
  await seen(stack, id, 'line 10');
  return id;
}

async function seen(stack: Stack, id: string, text: string): Promise<void> {
  await eventually(
    async () => (await stack.call('GET', `/v1/sessions/${id}/logs`)).text(),
    (log) => log.includes(`${text}\n`),
    { timeoutMs: 20_000 },
  );
}

async function events(stack: Stack, id: string): Promise<{ type: string; time: string }[]> {
  const { data } = (await (await stack.call('GET', `/v1/sessions/${id}/events?limit=200`)).json()) as {
    data: { type: string; time: string }[];
  };
  return data;
}

/** As the session's record has it. */
async function protocolOf(stack: Stack, id: string): Promise<string | undefined> {
  const redis = connectPatientRedis(stack.redis.url);
  try {
    return (await readSession(redis, id))?.sandbox?.protocol;
  } finally {
    redis.disconnect();
  }
}

/** Every line once and in order, whoever wrote it down; the command counted one start of itself. */
async function expectWholeLog(stack: Stack, id: string): Promise<void> {
  const lines = (await logOf(stack, id)).split('\n');
  expect(lines.filter((line) => line.startsWith('line '))).toEqual(
    Array.from({ length: LINES }, (_, i) => `line ${i + 1}`),
  );
  expect(lines.filter((line) => line === '1')).toHaveLength(1);
}

it('a session outlives its worker: the next one goes on with it, and no line is lost or repeated', async () => {
  await using stack = await startStack();
  const id = await runningSession(stack);
  const before = await getSession(stack, id);
  // The next worker may be a newer one, and the sandbox an older one's.
  expect(await protocolOf(stack, id)).toBe(INIT_PROTOCOL_VERSION);
  await stack.stop('worker', 'SIGKILL');
  await stack.start('worker');
  const ended = await settled(stack, id);
  expect(ended).toMatchObject({ status: 'failed', exitCode: 3, failure: null, token: { state: 'revoked' } });
  expect(ended.container?.id).toBe(before.container?.id);
  await expectWholeLog(stack, id);
  expect((await events(stack, id)).map(({ type }) => type)).toContain('adopted');
  expect(await nothingLeft(stack)).toEqual([]);
});

it('a session that ends while no worker is there has its every line and its exit code', async () => {
  await using stack = await startStack();
  const id = await runningSession(stack);
  await stack.stop('worker', 'SIGKILL');
  await eventually(
    () => stack.containers(),
    ([only]) => only?.State === 'exited',
    { timeoutMs: 20_000 },
  );
  await stack.start('worker');
  expect(await settled(stack, id)).toMatchObject({ status: 'failed', exitCode: 3, failure: null });
  await expectWholeLog(stack, id);
  expect(await nothingLeft(stack)).toEqual([]);
});

it('a worker that is asked to end hands its sessions over at once and leaves their sandboxes alone', async () => {
  await using stack = await startStack();
  const id = await runningSession(stack);
  await stack.stop('worker', 'SIGTERM');
  // Each phase of its end has its time, and says so when that is over.
  expect(stack.process('worker').lines().join('\n')).not.toContain('could not close in order');
  expect((await events(stack, id)).map(({ type }) => type)).toContain('handed_over');
  expect(await getSession(stack, id)).toMatchObject({ status: 'running' });
  expect((await stack.containers())[0]?.State).toBe('running');
  await stack.start('worker');
  const { status, exitCode } = await settled(stack, id);
  expect({ status, exitCode }).toEqual({ status: 'failed', exitCode: 3 });
  await expectWholeLog(stack, id);
  expect(await nothingLeft(stack)).toEqual([]);
});

it('a worker that was frozen and replaced writes nothing when it wakes up', async () => {
  await using stack = await startStack();
  const id = await runningSession(stack, { timeoutSeconds: 60 });
  const frozen = stack.process('worker');
  process.kill(frozen.pid, 'SIGSTOP');
  // Another worker of the same name: to it, the frozen one is an earlier life.
  await stack.start('worker');
  await seen(stack, id, 'line 60');
  process.kill(frozen.pid, 'SIGCONT');
  try {
    expect(await settled(stack, id)).toMatchObject({ status: 'failed', exitCode: 3, failure: null });
    await expectWholeLog(stack, id);
    expect(await nothingLeft(stack)).toEqual([]);
  } finally {
    await frozen.end('SIGKILL');
  }
});

it('a worker that dies during the clone is followed by one that clones again, with the same token', async () => {
  await using stack = await startStack();
  const repo = await createRepo(stack);
  const { id } = await startSession(stack, {
    repos: [{ id: repo, path: 'app' }],
    command: ['sh', '-c', 'cat README.md'],
  });
  await until(stack, id, ({ container, status }) => container !== null && status === 'starting');
  await stack.stop('worker', 'SIGKILL');
  await stack.start('worker');
  expect(await settled(stack, id)).toMatchObject({ status: 'succeeded', token: { state: 'revoked' } });
  expect((await logOf(stack, id)).match(/# Hello/g)).toHaveLength(1);
  expect(await nothingLeft(stack)).toEqual([]);
});

it('a store that is emptied ends what runs, as lost, and no token is lost from sight', async () => {
  await using stack = await startStack();
  const id = await runningSession(stack);
  await stack.redis.command('FLUSHALL');
  const ended = await until(stack, id, ({ status }) => status === 'failed');
  expect(ended).toMatchObject({ failure: { code: 'store_lost' } });
  expect(await nothingLeft(stack)).toEqual([]);
});

it('a session whose sandbox was removed while no worker was there ends as failed, with nothing left', async () => {
  await using stack = await startStack();
  const id = await runningSession(stack);
  await stack.stop('worker', 'SIGKILL');
  for (const { Id } of await stack.containers()) await stack.docker.getContainer(Id).remove({ force: true });
  for (const name of await readdir(stack.memoryDir)) await rm(join(stack.memoryDir, name), { recursive: true });
  await stack.start('worker');
  expect(await settled(stack, id)).toMatchObject({
    status: 'failed',
    failure: { code: 'sandbox_failed', message: 'The sandbox was removed from outside' },
    token: { state: 'revoked' },
  });
  expect(await nothingLeft(stack)).toEqual([]);
});

it('a stop while no worker is there is carried out by the next one: grace, last words and all', async () => {
  await using stack = await startStack();
  const repo = await createRepo(stack);
  const script = 'trap "echo last words; exit 7" TERM; echo up; while :; do sleep 0.05; done';
  const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sh', '-c', script] });
  await until(stack, id, ({ status }) => status === 'running');
  await seen(stack, id, 'up');
  await stack.stop('worker', 'SIGKILL');
  await stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 30 });
  await stack.start('worker');
  expect(await settled(stack, id)).toMatchObject({ status: 'stopped', exitCode: 7, token: { state: 'revoked' } });
  expect(await logOf(stack, id)).toContain('last words');
  expect(await nothingLeft(stack)).toEqual([]);
});

it('a command that ended before its deadline, while no worker was there, has succeeded', async () => {
  await using stack = await startStack();
  const repo = await createRepo(stack);
  const { id } = await startSession(stack, {
    repos: [{ id: repo }],
    command: ['sh', '-c', 'sleep 2; echo done in time'],
    timeoutSeconds: 10,
  });
  const { deadlineAt } = await until(stack, id, ({ status }) => status === 'running');
  await stack.stop('worker', 'SIGKILL');
  await sleep(Date.parse(deadlineAt ?? '') - Date.now() + 2_000);
  await stack.start('worker');
  expect(await settled(stack, id)).toMatchObject({ status: 'succeeded', exitCode: 0, token: { state: 'revoked' } });
  expect(await logOf(stack, id)).toContain('done in time');
  expect(await nothingLeft(stack)).toEqual([]);
});

it('a worker that is held up over a sandbox that it makes, and replaced meanwhile, takes nothing back', async () => {
  await using stack = await startStack();
  await stack.stop('worker');
  await stack.start('worker', { DAYPASS_FAILPOINTS: 'worker.container_started=sleep:20000' });
  const repo = await createRepo(stack);
  const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sh', '-c', COUNT] });
  const given = await until(stack, id, ({ container }) => container !== null);
  await eventually(
    () => stack.containers(),
    ([only]) => only?.State === 'running',
  );
  await stack.startAnother('worker', {});
  const ended = await settled(stack, id);
  expect(ended).toMatchObject({ status: 'failed', exitCode: 3, failure: null, token: { state: 'revoked' } });
  expect(ended.container?.id).not.toBe(given.container?.id);
  await expectWholeLog(stack, id);
  expect(await nothingLeft(stack)).toEqual([]);
}, 120_000);
