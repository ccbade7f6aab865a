import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { order } from '../../src/runtime/orders.ts';
import { shippedTools, startInit } from '../support/init-client.ts';

let tools: Awaited<ReturnType<typeof shippedTools>>;
beforeAll(async () => {
  tools = await shippedTools();
}, 120_000);
afterAll(() => tools[Symbol.asyncDispose]());

describe('the watchdog', () => {
  test('gives an agent its grace when its time is over and nobody stops it', async () => {
    const init = await startInit(tools.directory);
    init.send(order.watchdog(1, 30));
    init.runAgent('trap "echo time is over; exit 4" TERM; while :; do sleep 0.05; done');
    expect(await init.exitCode).toBe(4);
    expect(init.output('o').toString()).toBe('time is over\n');
  });

  test('tells an agent once: neither it nor another order interrupts what the agent does about the first', async () => {
    const init = await startInit(tools.directory);
    init.send(order.watchdog(1, 30));
    // A second SIGTERM to its process group would end the sleep of the trap.
    init.runAgent('trap "echo told; sleep 3 && echo pushed; exit 4" TERM; echo up; while :; do sleep 0.05; done');
    await init.outputHas('o', 'up');
    init.send(order.stop('TERM'));
    await sleep(500);
    init.send(order.stop('TERM'));
    expect(await init.exitCode).toBe(4);
    expect(init.output('o').toString()).toBe('up\ntold\npushed\n');
  });

  test('kills an agent that does not care', async () => {
    const init = await startInit(tools.directory);
    init.send(order.watchdog(1, 1));
    init.runAgent('trap "" TERM; while :; do sleep 0.05; done');
    expect(await init.exitCode).toBe(137);
  });

  test('ends an interactive session, and one whose command was never ordered', async () => {
    const interactive = await startInit(tools.directory);
    interactive.send(order.watchdog(1, 1), order.agent('/', []));
    const waiting = await startInit(tools.directory);
    waiting.send(order.watchdog(1, 1));
    expect(await interactive.exitCode).toBe(143);
    expect(await waiting.exitCode).toBe(143);
  });

  test('is set anew by a later order', async () => {
    const init = await startInit(tools.directory);
    init.send(order.watchdog(1, 0), order.watchdog(600, 0));
    init.runAgent('sleep 2; echo still here');
    expect(await init.exitCode).toBe(0);
    expect(init.output('o').toString()).toBe('still here\n');
  });
});
