import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostProblems } from '../../src/api/require-host.ts';
import { reportWorker } from '../../src/store/workers.ts';
import { startApiRig } from '../support/api-rig.ts';

const small = { cpus: 2, memoryMb: 16_000, diskMb: 10_000 };
const large = { cpus: 8, memoryMb: 4_000, diskMb: 50_000 };

test.each([
  ['what one of the hosts has', { cpus: 8, memoryMb: 4_000 }, []],
  ['nothing in particular', {}, []],
  ['more CPUs than any has', { cpus: 9 }, ['resources.cpus must be at most 8, which is what the largest host has']],
  [
    'more of several',
    { cpus: 9, diskMb: 60_000 },
    [
      'resources.cpus must be at most 8, which is what the largest host has',
      'resources.diskMb must be at most 50000, which is what the largest host has',
    ],
  ],
  [
    'what no host has together',
    { cpus: 4, memoryMb: 8_000 },
    [
      'resources must fit on one host; the hosts have: cpus 2, memoryMb 16000, diskMb 10000; cpus 8, memoryMb 4000, diskMb 50000',
    ],
  ],
])('of a request for %s is wrong: %#', (_what, asked, wrong) => {
  expect(hostProblems(asked, [small, large]).map(({ path, message }) => `${path} ${message}`)).toEqual(wrong);
  expect(hostProblems(asked, [])).toEqual([]);
});

let rig: Awaited<ReturnType<typeof startApiRig>>;
beforeAll(async () => {
  rig = await startApiRig();
}, 60_000);
afterAll(() => rig?.close());

test('a request for what no live worker has is refused at the door, and waits while there is none', async () => {
  const repos = [{ id: '11111111-1111-4111-8111-111111111111' }];
  const ask = () =>
    rig.call('POST', '/v1/sessions', { body: { repos, image: 'daypass/sandbox', resources: { cpus: 4 } } });
  expect((await ask()).status).toBe(201);
  const now = new Date().toISOString();
  const worker = { name: 'w', engine: 'e', startedAt: now, seenAt: now, concurrency: 4, running: [] };
  await reportWorker(rig.redis, { ...worker, capacity: small });
  expect(await ask()).toMatchObject({
    status: 422,
    body: {
      code: 'invalid_request',
      errors: [{ path: 'resources.cpus', message: expect.stringContaining('at most 2') }],
    },
  });
  expect((await rig.call('GET', '/v1/workers')).body).toMatchObject({ data: [{ capacity: small }] });
});
