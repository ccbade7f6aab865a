import { afterAll, beforeAll, expect, test } from 'vitest';
import { percentile } from './figures.ts';
import { oneAtATime } from './rig/one-at-a-time.ts';
import { startArena, type Arena } from './rig/arena.ts';
import { fromInside } from './rig/from-inside.ts';
import { runAttacks } from './run-attacks.ts';
import { SMOKE, SUITE } from './suite.ts';

let arena: Arena;
beforeAll(async () => {
  arena = await startArena();
});
afterAll(async () => arena?.[Symbol.asyncDispose]());

test.each(SMOKE)('$area: $name', async (attack) => {
  const [result] = await runAttacks(arena, [attack], {
    lanes: 1,
    signal: new AbortController().signal,
    onResult: () => undefined,
  });
  expect(result?.wrong).toEqual([]);
  expect(result?.neighbourMs).toBeGreaterThan(0);
});

test('an attack that gets through, or never comes to its end, is reported', async () => {
  const through = { name: 'through', area: 'isolation', must: 'be told' } as const;
  const weapon = [
    fromInside({ ...through, script: 'denied "what is allowed" true' }),
    fromInside({ ...through, script: 'exit 0' }),
    fromInside({ ...through, script: `weapon <<'PY'\nraise SystemExit(1)\nPY` }),
  ];
  const results = await runAttacks(arena, weapon, {
    lanes: 1,
    signal: new AbortController().signal,
    onResult: () => undefined,
  });
  const sentences = results.flatMap(({ wrong }) => wrong);
  expect(sentences).toHaveLength(3);
  expect(sentences.join('\n')).toMatch(/HOLE: what is allowed/);
  expect(sentences.join('\n')).toMatch(/did not come to its end/);
  expect(sentences.join('\n')).toMatch(/HOLE: the weapon ended with 1/);
});

test('nothing is left of the attacks, and no role had an error', async () => {
  expect(arena.errorLines()).toEqual([]);
  expect(await arena.leaks()).toEqual([]);
  expect(await arena.remains()).toEqual([]);
});

test('every attack has a name of its own and says what must happen', () => {
  expect(new Set(SUITE.map(({ name }) => name)).size).toBe(SUITE.length);
  expect(SUITE.length).toBeGreaterThanOrEqual(80);
  for (const { must } of SUITE) expect(must.endsWith('.')).toBe(true);
});

test('what is urgent goes before what waits, and never two at once', async () => {
  const turns = oneAtATime();
  const order: string[] = [];
  let running = 0;
  const work = (name: string) => async (): Promise<void> => {
    expect(++running).toBe(1);
    order.push(name);
    await Promise.resolve();
    running--;
  };
  await Promise.all([turns.run(work('first')), turns.run(work('second')), turns.run(work('urgent'), { urgent: true })]);
  expect(order).toEqual(['first', 'urgent', 'second']);
});

test('the 95th percentile is the value that 19 of 20 do not exceed', () => {
  expect(
    percentile(
      Array.from({ length: 20 }, (_, at) => at + 1),
      0.95,
    ),
  ).toBe(19);
  expect(percentile([], 0.95)).toBeNaN();
});
