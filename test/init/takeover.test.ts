import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { order } from '../../src/runtime/orders.ts';
import { eventually } from '../support/eventually.ts';
import { shippedTools, startInit } from '../support/init-client.ts';

let tools: Awaited<ReturnType<typeof shippedTools>>;
beforeAll(async () => {
  tools = await shippedTools();
}, 120_000);
afterAll(() => tools[Symbol.asyncDispose]());

describe('a worker that connects', () => {
  test('is told how long the file is', async () => {
    const init = await startInit(tools.directory);
    expect(await init.worker.hello).toBe((await stat(init.reportsPath)).size);
  });

  test('cuts the one before it off: its step is killed and the rest of its orders is never carried out', async () => {
    const init = await startInit(tools.directory);
    const old = init.worker;
    const half = order.step('half', '/', ['echo', 'half']).subarray(0, 12);
    old.send(order.env({ FROM: 'old' }), order.step('long', '/', ['sh', '-c', 'echo began; sleep 1000']));
    old.send(order.step('waiting', '/', ['echo', 'never']), order.agent('/', ['echo', 'never']), half);
    await init.outputHas('p', 'began');
    const next = await init.connect();
    const hello = await next.hello;
    await old.closed;
    next.send(order.step('mine', '/', ['sh', '-c', 'echo "mine, $FROM"']), order.quit());
    expect(await init.exitCode).toBe(0);
    expect(init.output('p').toString()).toBe('began\nmine, old\n');
    const after = init.reports.filter((report) => report.end > hello).map((report) => report.kind);
    expect(after).toEqual(['X', 'B', 'p', 'X']);
    expect(await init.report('X')).toEqual(['long', '137']);
  });

  test('leaves a running agent alone, and can stop it', async () => {
    const init = await startInit(tools.directory);
    init.runAgent('trap "echo bye; exit 3" TERM; echo ready; while :; do sleep 0.05; done');
    await init.outputHas('o', 'ready');
    await init.connect();
    init.runAgent('echo second');
    init.send(order.stop('TERM'));
    expect(await init.exitCode).toBe(3);
    expect(init.output('o').toString()).toBe('ready\nbye\n');
    expect(init.kinds()).toMatch(/^RgG[oe]+Z$/);
  });

  test('gets in although the one before never stops talking', async () => {
    const init = await startInit(tools.directory);
    const old = init.worker;
    let isOff = false;
    void old.closed.then(() => (isOff = true));
    const flood = setInterval(() => old.send(...Array.from({ length: 2_000 }, () => order.stored(0))), 1);
    const next = await init.connect();
    await next.hello;
    await eventually(() => isOff, Boolean);
    clearInterval(flood);
    next.send(order.quit());
    expect(await init.exitCode).toBe(0);
  });
});

describe('a worker that goes', () => {
  test('leaves what it has ordered completely to be carried out, and half an order to be forgotten', async () => {
    const init = await startInit(tools.directory);
    const old = init.worker;
    old.send(order.step('slow', '/', ['sh', '-c', 'sleep 0.1; echo slow']), order.step('last', '/', ['echo', 'last']));
    old.send(order.step('half', '/', ['echo', 'half']).subarray(0, -1));
    old.close();
    await init.outputHas('p', 'last');
    await init.connect();
    init.send(order.step('new', '/', ['echo', 'new']), order.quit());
    expect(await init.exitCode).toBe(0);
    expect(init.output('p').toString()).toBe('slow\nlast\nnew\n');
  });
});

test('the end of init ends the connection', async () => {
  const init = await startInit(tools.directory);
  await init.worker.hello;
  await init.signal('SIGKILL');
  await expect(init.worker.closed).resolves.toBeUndefined();
});

test('orders that wait for a step are bounded: a worker that is too fast waits', async () => {
  const init = await startInit(tools.directory);
  const big = order.env(
    Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`V${index}`, 'x'.repeat(100_000)])),
  );
  init.send(order.step('slow', '/', ['sleep', '0.3']));
  for (let count = 0; count < 12; count++) init.send(big);
  init.send(order.step('last', '/', ['sh', '-c', 'echo ${#V8}']), order.quit());
  expect(await init.exitCode).toBe(0);
  expect(init.output('p').toString()).toBe('100000\n');
});
