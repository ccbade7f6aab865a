import { createHash, randomBytes } from 'node:crypto';
import { readdir, readlink } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { order } from '../../src/runtime/orders.ts';
import { shippedTools, startInit, type InitClient } from '../support/init-client.ts';

const MIB = 1024 * 1024;
const CHUNK = 256 * 1024;

let tools: Awaited<ReturnType<typeof shippedTools>>;
beforeAll(async () => {
  tools = await shippedTools();
}, 120_000);
afterAll(() => tools[Symbol.asyncDispose]());

/** The orders that a worker gives for these bytes. */
function inChunks(bytes: Buffer): Buffer[] {
  const offsets = Array.from({ length: Math.ceil(bytes.length / CHUNK) }, (_, i) => i * CHUNK);
  return offsets.map((offset) => order.stdin(offset, bytes.subarray(offset, offset + CHUNK)));
}

async function outputOf(init: InitClient): Promise<string> {
  expect(await init.exitCode).toBe(0);
  return init.output('o').toString();
}

describe('the standard input of the agent', () => {
  test.each([
    ['a line', Buffer.from('hi\n')],
    ['bytes of every value', Buffer.from(Array.from({ length: 512 }, (_, i) => i % 256))],
    ['exactly 1 MiB', randomBytes(MIB)],
  ])('is what was ordered and then its end: %s', async (_, bytes) => {
    const init = await startInit(tools.directory);
    init.send(...inChunks(bytes));
    init.runAgent('cat');
    expect(await init.exitCode).toBe(0);
    expect(init.output('o').equals(bytes)).toBe(true);
  });

  test('is /dev/null where none was ordered, and steps never have it', async () => {
    const init = await startInit(tools.directory);
    init.runAgent('readlink /proc/self/fd/0; wc -c');
    expect(await outputOf(init)).toBe('/dev/null\n0\n');
    const other = await startInit(tools.directory);
    other.send(...inChunks(Buffer.from('for the agent\n')), order.step('look', '/', ['cat']));
    other.runAgent('cat');
    expect(await outputOf(other)).toBe('for the agent\n');
    expect(other.output('p').toString()).toBe('');
  });

  test('is shared by what the agent starts, and can be read by its name', async () => {
    const init = await startInit(tools.directory);
    init.send(...inChunks(Buffer.from('one\ntwo\nthree\n')));
    init.runAgent('read first; echo "<$first>"; cat; cat /dev/stdin');
    expect(await outputOf(init)).toBe('<one>\ntwo\nthree\none\ntwo\nthree\n');
  });

  test('cannot be changed or run, and init keeps nothing of it', async () => {
    const init = await startInit(tools.directory);
    init.send(...inChunks(Buffer.from('#!/bin/sh\necho ran\n')));
    init.runAgent(
      'echo x 2>/dev/null >&0 || echo no write; (echo x >/dev/stdin) 2>/dev/null || echo no open; /proc/self/fd/0 2>/dev/null || echo no run; sleep 1000',
    );
    await init.outputHas('o', 'no write\nno open\nno run\n');
    const fds = `/proc/${await init.pid()}/fd`;
    const names = await Promise.all((await readdir(fds)).map((fd) => readlink(`${fds}/${fd}`).catch(() => '')));
    expect(names.filter((name) => name.includes('memfd'))).toEqual([]);
  });

  test('that is not read, or only begun, does not keep the agent from its end', async () => {
    const bytes = randomBytes(MIB);
    for (const script of ['true', 'head -c 1 >/dev/null']) {
      const init = await startInit(tools.directory);
      init.send(...inChunks(bytes));
      init.runAgent(script);
      expect(await init.exitCode).toBe(0);
    }
  });

  test('is the same when a worker that takes over orders it again, whatever the one before had sent', async () => {
    const bytes = randomBytes(MIB);
    const init = await startInit(tools.directory);
    const [first, second] = inChunks(bytes);
    init.send(first ?? Buffer.alloc(0), (second ?? Buffer.alloc(0)).subarray(0, 1_000));
    const next = await init.connect();
    await next.hello;
    init.send(...inChunks(bytes));
    init.runAgent('sha256sum | cut -c 1-64');
    expect(await outputOf(init)).toBe(`${createHash('sha256').update(bytes).digest('hex')}\n`);
  });

  test.each([
    ['beyond 1 MiB', order.stdin(MIB, Buffer.from('x')), 'longer than 1048576 bytes'],
    ['at an offset beyond every number', frame('99999999999999999999\0x'), 'holds no offset'],
    ['at no number', frame('-1\0x'), 'holds no offset'],
    ['without an offset', frame('12'), 'has no offset'],
  ])('%s is malformed', async (_, bytes, reason) => {
    const init = await startInit(tools.directory);
    init.send(bytes);
    expect(await init.exitCode).toBe(70);
    expect((await init.report('D'))[0]).toContain(reason);
  });
});

function frame(payload: string): Buffer {
  const header = Buffer.alloc(5);
  header.write('I', 0, 'latin1');
  header.writeUInt32BE(payload.length, 1);
  return Buffer.concat([header, Buffer.from(payload)]);
}
