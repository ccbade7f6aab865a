import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRoot } from '../support/as-root.ts';
import { nothingLeft, startStack, type Stack } from '../support/stack.ts';
import { createRepo, logOf, settled, startSession, until, type WireSession } from './session.ts';

const FORK_BOMB =
  'import os,time\nfor _ in range(400):\n  try:\n    if os.fork() == 0: time.sleep(3); os._exit(0)\n  except OSError: pass\n';
const EAT_MEMORY = 'x = bytearray(400 * 1024 * 1024)';

async function eventsOf(stack: Stack, id: string): Promise<Record<string, unknown>[]> {
  const answer = await stack.call('GET', `/v1/sessions/${id}/events?limit=100`);
  const { data } = (await answer.json()) as { data: { type: string; detail: Record<string, unknown> }[] };
  return data.filter(({ type }) => type === 'resource_exhausted').map(({ detail }) => detail);
}

describe.each(isRoot ? ['ext4', 'tmpfs'] : ['tmpfs'])('what a session uses up, its workspace on %s', (way) => {
  let stack: Stack;
  let repo: string;
  let neighbour: string;
  beforeAll(async () => {
    stack = await startStack({ DAYPASS_DISK_WAY: way });
    repo = await createRepo(stack);
    const command = ['sh', '-c', 'for i in $(seq 600); do echo tick; sleep 0.1; done'];
    neighbour = (await startSession(stack, { repos: [{ id: repo }], command })).id;
    await until(stack, neighbour, ({ status }) => status === 'running');
  }, 60_000);
  afterAll(() => stack[Symbol.asyncDispose]());

  const resources = { memoryMb: 96, pids: 48, diskMb: 64 };
  async function ended(
    command: string[],
    over: Partial<typeof resources> = {},
  ): Promise<{ session: WireSession; told: Record<string, unknown>[]; log: string }> {
    const { id } = await startSession(stack, { repos: [{ id: repo }], command, resources: { ...resources, ...over } });
    const session = await settled(stack, id);
    return { session, told: await eventsOf(stack, id), log: await logOf(stack, id) };
  }

  it('memory, by a child: it is an event, and the command that goes on succeeds', async () => {
    const { session, told, log } = await ended(['sh', '-c', `python3 -c '${EAT_MEMORY}'; echo went on with $?`]);
    expect(session).toMatchObject({ status: 'succeeded', exitCode: 0, failure: null });
    expect(told).toEqual([{ resource: 'memory', count: 1, limitMb: 96 }]);
    expect(log).toContain('went on with 137');
  });

  it.each([
    ['itself', ['python3', '-c', EAT_MEMORY]],
    ['through a shell', ['sh', '-c', `python3 -c '${EAT_MEMORY}'; exit $?`]],
  ])(
    'memory, by the command %s: the session has failed for want of it, and says how much it had',
    async (_, command) => {
      const { session, told } = await ended(command);
      expect(session).toMatchObject({
        status: 'failed',
        exitCode: 137,
        failure: { code: 'out_of_memory', step: 'run' },
      });
      expect(session.failure?.message).toContain('96 MB');
      expect(told).toMatchObject([{ resource: 'memory', limitMb: 96 }]);
    },
  );

  it('nothing, when the command is killed by itself: that is no lack of memory', async () => {
    const { session, told } = await ended(['sh', '-c', 'kill -9 $$']);
    expect(session).toMatchObject({ status: 'failed', exitCode: 137, failure: null });
    expect(told).toEqual([]);
  });

  it('processes, by a fork bomb: it is an event, and no failure of ours', async () => {
    const { session, told } = await ended(['python3', '-c', FORK_BOMB]);
    expect(session).toMatchObject({ status: 'succeeded', failure: null });
    expect(told.at(-1)).toMatchObject({ resource: 'pids', limit: 48 });
    expect(told.length).toBeLessThan(5);
  });

  it('the disk: it is an event with the place, and the exit is the command’s own', async () => {
    const { session, told } = await ended(['sh', '-c', 'cat /dev/zero > /workspace/full || exit 3'], { memoryMb: 256 });
    expect(session).toMatchObject({ status: 'failed', exitCode: 3, failure: null });
    expect(told).toEqual([{ resource: 'disk', where: '/workspace', of: 'bytes', count: 1, limitMb: 64 }]);
  });

  it('/tmp, in a file that has no name any more', async () => {
    // No file may be longer than the workspace.
    const fill = 'exec 3> /tmp/full; rm /tmp/full; cat /dev/zero >&3; sleep 1; exit 4';
    const { session, told } = await ended(['sh', '-c', fill], { memoryMb: 512, diskMb: 300 });
    expect(session).toMatchObject({ status: 'failed', exitCode: 4, failure: null });
    expect(told).toEqual([{ resource: 'disk', where: '/tmp', of: 'bytes', count: 1, limitMb: 256 }]);
  });

  it('nobody else notices', async () => {
    expect(await until(stack, neighbour, () => true)).toMatchObject({ status: 'running' });
    expect(await eventsOf(stack, neighbour)).toEqual([]);
    await stack.call('POST', `/v1/sessions/${neighbour}/stop`, { graceSeconds: 0 });
    await settled(stack, neighbour);
    expect(await nothingLeft(stack)).toEqual([]);
  });
});

describe.runIf(isRoot)('a disk of a session', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ DAYPASS_DISK_WAY: 'ext4' });
  }, 60_000);
  afterAll(() => stack[Symbol.asyncDispose]());

  it('takes more than the session’s memory, without anything of it being killed', async () => {
    const repo = await createRepo(stack);
    const command = ['sh', '-c', 'head -c 400000000 /dev/zero > big && ls -l big | cut -d" " -f5'];
    const resources = { memoryMb: 64, diskMb: 512 };
    const { id } = await startSession(stack, { repos: [{ id: repo }], command, resources });
    expect(await settled(stack, id)).toMatchObject({ status: 'succeeded', failure: null });
    expect(await logOf(stack, id)).toContain('400000000');
    expect(await eventsOf(stack, id)).toEqual([]);
  });

  it('holds so many files and no more, and a tree of that kind is told as what it is', async () => {
    const repo = await createRepo(stack);
    const command = ['bash', '-c', 'i=0; while : > f$((i++)); do :; done 2> /dev/null; echo $i; exit 5'];
    const { id } = await startSession(stack, { repos: [{ id: repo }], command, resources: { diskMb: 16 } });
    expect(await settled(stack, id)).toMatchObject({ status: 'failed', exitCode: 5, failure: null });
    expect(await eventsOf(stack, id)).toMatchObject([
      { resource: 'disk', where: '/workspace', of: 'inodes', limitMb: 16 },
    ]);
  });

  it('that is too small for its repo fails the session with what to do', async () => {
    const content = randomBytes(7_500_000).toString('base64');
    const repo = await createRepo(stack, { big: content });
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['true'], resources: { diskMb: 8 } });
    const { failure } = await settled(stack, id);
    expect(failure).toMatchObject({
      code: 'out_of_disk',
      step: 'clone',
      message: expect.stringMatching(/resources\.diskMb/),
    });
  });

  it('is empty of what others left, and nobody’s but the agent’s', async () => {
    const repo = await createRepo(stack);
    const command = [
      'sh',
      '-c',
      'ls -A /workspace | wc -l; stat -c "%U %a" /workspace; cp /bin/true x && ./x && echo runs',
    ];
    const { id } = await startSession(stack, { repos: [{ id: repo, path: 'app' }], command });
    await settled(stack, id);
    expect((await logOf(stack, id)).split('\n')).toEqual(expect.arrayContaining(['1', 'agent 755', 'runs']));
    expect(await nothingLeft(stack)).toEqual([]);
  });
});

it.runIf(isRoot)(
  'a session whose disk the host could not hold fails and says so, and nothing is left of it',
  async () => {
    await using stack = await startStack({ DAYPASS_DISK_WAY: 'ext4', DAYPASS_DISK_RESERVE_MB: '1000000000' });
    const repo = await createRepo(stack);
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['true'] });
    const { status, failure } = await settled(stack, id);
    expect(status).toBe('failed');
    expect(failure).toMatchObject({
      code: 'host_disk_full',
      step: 'container',
      message: expect.stringMatching(/MB free/),
    });
    expect(await nothingLeft(stack)).toEqual([]);
  },
);
