import { expect, test } from 'vitest';
import { normalise, startRequest } from '../../src/session/request.ts';
import { TEST_LIMITS } from '../support/api.ts';
import { REPO_A } from '../support/records.ts';

const read = (body: object, limits = TEST_LIMITS) =>
  normalise(startRequest.parse({ repos: [{ id: REPO_A }], ...body }), limits);

test('a repo alone is enough: all else has its default', () => {
  expect(read({})).toEqual({
    repos: [{ id: REPO_A, ref: null, path: REPO_A, access: 'write', depth: null }],
    command: null,
    image: 'daypass/sandbox',
    env: {},
    timeoutSeconds: 3_600,
    maxTimeoutSeconds: 3_600,
    resources: { cpus: 1, memoryMb: 4_096, pids: 256, diskMb: 2_048 },
    network: { allow: [] },
    credentials: { delivery: 'env' },
    priority: 0,
    metadata: {},
  });
});

test('no default goes beyond what the operator or the request itself allows', () => {
  const limits = { ...TEST_LIMITS, maxTimeoutSeconds: 600, memoryMb: 512 };
  expect(read({}, limits)).toMatchObject({ timeoutSeconds: 600, maxTimeoutSeconds: 600, resources: { memoryMb: 512 } });
  expect(read({ maxTimeoutSeconds: 60 })).toMatchObject({ timeoutSeconds: 60, maxTimeoutSeconds: 60 });
});

test('secrets stay out of the request that is stored', () => {
  expect(JSON.stringify(read({ secrets: { A: 'hidden' } }))).not.toContain('hidden');
});

test('one repo may be cloned to two paths, and a UUID is read in either case', () => {
  const { repos } = read({
    repos: [
      { id: 'ABCDEF00-0000-4000-8000-000000000000', path: 'a' },
      { id: REPO_A, path: 'b' },
      { id: REPO_A, path: 'c' },
    ],
  });
  expect(repos.map(({ id, path }) => [id, path])).toEqual([
    ['abcdef00-0000-4000-8000-000000000000', 'a'],
    [REPO_A, 'b'],
    [REPO_A, 'c'],
  ]);
});
