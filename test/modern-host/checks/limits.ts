import { isDeepStrictEqual } from 'node:util';
import { createRepo, settled, startSession, type WireSession } from '../../scenarios/session.ts';
import type { Check } from './check.ts';
import { PATIENCE, startDaypass, type Served } from './daypass.ts';
import { expectNoContainer } from './in-guest.ts';

const FORKS = 'for i in $(seq 200); do sleep 3 & done 2>/dev/null; wait; true';

interface Story {
  resource: string;
  command: string[];
  resources: Record<string, number>;
  ends: Pick<WireSession, 'status' | 'exitCode'>;
  failure: string | null;
}

const STORIES: Story[] = [
  {
    resource: 'memory',
    command: ['tail', '/dev/zero'],
    resources: { memoryMb: 128 },
    ends: { status: 'failed', exitCode: 137 },
    failure: 'out_of_memory',
  },
  {
    resource: 'pids',
    command: ['bash', '-c', FORKS],
    resources: { pids: 32 },
    ends: { status: 'succeeded', exitCode: 0 },
    failure: null,
  },
  {
    resource: 'disk',
    command: ['sh', '-c', 'head -c 200M /dev/zero > /workspace/full; test $? -ne 0'],
    resources: { diskMb: 64 },
    ends: { status: 'succeeded', exitCode: 0 },
    failure: null,
  },
];

/** By cgroup v2 and a disk of its own; each limit that is reached is told. */
export const limits: Check = {
  name: 'memory, processes and disk end where the session says, and each end is an event',
  async run(guest) {
    {
      await using daypass = await startDaypass(guest);
      const repo = await createRepo(daypass);
      for (const story of STORIES) await reaches(daypass, repo, story);
    }
    await expectNoContainer(guest);
  },
};

async function reaches(daypass: Served, repo: string, story: Story): Promise<void> {
  const { command, resources, resource, ends, failure } = story;
  const { id } = await startSession(daypass, { repos: [{ id: repo }], command, resources });
  const session = await settled(daypass, id, PATIENCE);
  const seen = { status: session.status, exitCode: session.exitCode };
  if (!isDeepStrictEqual(seen, ends) || (session.failure?.code ?? null) !== failure) {
    throw new Error(
      `A session without more ${resource} ended as ${JSON.stringify({ ...seen, failure: session.failure })}`,
    );
  }
  const answer = await daypass.call('GET', `/v1/sessions/${id}/events?limit=100`);
  const { data } = (await answer.json()) as { data: { type: string; detail: { resource?: string } }[] };
  const isTold = data.some(({ type, detail }) => type === 'resource_exhausted' && detail.resource === resource);
  if (!isTold) throw new Error(`No event tells of ${resource}; there are: ${data.map(({ type }) => type).join(', ')}`);
}
