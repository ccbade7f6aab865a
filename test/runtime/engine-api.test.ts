import { expect, it } from 'vitest';
import { z } from 'zod';
import { createEngineApi } from '../../src/runtime/docker/engine-api.ts';
import { startEndlessServer } from '../support/endless-server.ts';
import { DOCKER_28 } from '../support/engine-answers.ts';
import { startFakeEngine } from '../support/fake-engine.ts';

const MIB = 1024 ** 2;
const call = (socketPath: string, path: string): Promise<unknown> =>
  createEngineApi({ socketPath }).call({
    method: 'GET',
    path,
    signal: AbortSignal.timeout(30_000),
    answer: z.unknown(),
  });
const numbers = (count: number): number[] => Array.from({ length: count }, () => 1);

it('an answer of the engine that does not end is cut after 32 MiB, and its connection closed', async () => {
  await using engine = await startEndlessServer();
  await expect(call(engine.socket, '/containers/json')).rejects.toThrow(
    'the answer of the engine is longer than 33554432 bytes',
  );
  await engine.left;
  expect(engine.sent()).toBeLessThan(64 * MIB);
}, 60_000);

it('an answer of the engine with more than four million values is refused before it is made', async () => {
  await using engine = await startFakeEngine(DOCKER_28, {
    '/most': { status: 200, json: numbers(4_000_000) },
    '/more': { status: 200, json: numbers(4_000_001) },
  });
  const socket = engine.host.replace('unix://', '');
  expect(await call(socket, '/most')).toHaveLength(4_000_000);
  await expect(call(socket, '/more')).rejects.toThrow(
    'the answer of the engine has more than 4000000 texts, numbers and other values',
  );
}, 60_000);
