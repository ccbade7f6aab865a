import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { order } from '../../src/runtime/orders.ts';
import { eventually } from '../support/eventually.ts';
import { childrenOf, shippedTools, startInit } from '../support/init-client.ts';

let tools: Awaited<ReturnType<typeof shippedTools>>;
beforeAll(async () => {
  tools = await shippedTools();
}, 120_000);
afterAll(() => tools[Symbol.asyncDispose]());

describe('an ordered TERM', () => {
  test('reaches the agent’s process group, which may end in its own way', async () => {
    const init = await startInit(tools.directory);
    init.runAgent('trap "echo bye; exit 9" TERM; echo ready; while :; do sleep 0.05; done');
    await init.outputHas('o', 'ready');
    init.send(order.stop('TERM'));
    expect(await init.exitCode).toBe(9);
    expect(init.output('o').toString()).toBe('ready\nbye\n');
  });

  test('ends a session without an agent with 143, in the middle of a step and before what waits', async () => {
    const init = await startInit(tools.directory);
    init.send(
      order.step('long', '/', ['sh', '-c', 'echo began; exec sleep 1000']),
      order.agent('/', ['echo', 'agent']),
    );
    await init.outputHas('p', 'began');
    init.send(order.stop('TERM'));
    expect(await init.exitCode).toBe(143);
    expect(init.kinds()).toBe('RBpX');
  });
});

describe('an ordered KILL', () => {
  test('ends an agent that does not care, with its last output complete', async () => {
    const init = await startInit(tools.directory);
    init.runAgent('trap "" TERM; seq 1 50000; echo end >&2; while :; do sleep 0.05; done');
    await init.outputHas('e', 'end');
    init.send(order.stop('TERM'), order.stop('KILL'));
    expect(await init.exitCode).toBe(137);
    expect(init.output('o').toString()).toMatch(/\n50000\n$/);
    expect(init.reports.at(-1)?.kind).toBe('Z');
    expect(await init.report('Z')).toEqual(['137', 'SIGKILL', '']);
  });

  test('reports what an agent had written that waits for its reports to be stored', async () => {
    const init = await startInit(tools.directory);
    init.runAgent('head -c 8388608 /dev/zero; seq 1 1000; echo end >&2; exec sleep 1000');
    await eventually(
      () => init.output('o').length,
      (length) => length > 8_200_000,
    );
    const pid = await init.pid();
    await eventually(
      async () => {
        const [agent] = await childrenOf(pid);
        return await readFile(`/proc/${agent}/comm`, 'utf8');
      },
      (command) => command === 'sleep\n',
    );
    init.send(order.stop('KILL'));
    expect(await init.exitCode).toBe(137);
    expect(init.output('o').toString()).toMatch(/\n1000\n$/);
    expect(init.output('e').toString()).toBe('end\n');
  });

  test('ends a step and a session without an agent', async () => {
    const init = await startInit(tools.directory);
    init.send(order.step('long', '/', ['sh', '-c', 'echo began; exec sleep 1000']), order.quit());
    await init.outputHas('p', 'began');
    init.send(order.stop('KILL'));
    expect(await init.exitCode).toBe(137);
    expect(await init.report('X')).toEqual(['long', '137']);
    expect(init.kinds()).toBe('RBpX');
  });
});
