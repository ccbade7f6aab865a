import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { order } from '../../src/runtime/orders.ts';
import { strings } from '../../src/runtime/reports.ts';
import { shippedTools, startInit, type InitClient } from '../support/init-client.ts';

let tools: Awaited<ReturnType<typeof shippedTools>>;
beforeAll(async () => {
  tools = await shippedTools();
}, 120_000);
afterAll(() => tools[Symbol.asyncDispose]());

/** Names and exit codes of the steps, in the order of their reports. */
function course(init: InitClient): string[] {
  return init.reports
    .filter((report) => 'BX'.includes(report.kind))
    .map((report) => [report.kind, ...strings(report)].join(' '));
}

describe('steps', () => {
  test('run one after the other, each with its exit code, its output before its end', async () => {
    const init = await startInit(tools.directory);
    init.send(
      order.step('slow', '/', ['sh', '-c', 'sleep 0.1; echo out; echo err >&2; exit 3']),
      order.step('missing', '/', ['no-such-command']),
      order.step('nowhere', '/nowhere', ['true']),
      order.step('killed', '/tmp', ['sh', '-c', 'pwd; kill -KILL $$']),
      order.quit(),
    );
    expect(await init.exitCode).toBe(0);
    expect(course(init)).toEqual(
      ['B slow', 'X slow 3', 'B missing', 'X missing 127', 'B nowhere', 'X nowhere 126'].concat(
        'B killed',
        'X killed 137',
      ),
    );
    expect(init.output('p').toString()).toBe('out\n/tmp\n');
    expect(init.output('q').toString()).toMatch(/^err\ncannot run no-such-command: .*\ncannot enter \/nowhere: .*\n$/);
    expect(init.kinds()).toMatch(/^RB[pq]{2}XBqXBqXBpX$/);
  });

  test('have no input, no descriptors but three, and every signal at its default', async () => {
    const init = await startInit(tools.directory);
    init.send(
      order.step('input', '/', ['cat']),
      order.step('descriptors', '/', [
        'sh',
        '-c',
        'for fd in 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$fd ] && echo $fd; done; echo none',
      ]),
      order.step('signals', '/', ['grep', '-E', '^Sig(Blk|Ign)', '/proc/self/status']),
      order.quit(),
    );
    expect(await init.exitCode).toBe(0);
    const [descriptors, ...signals] = init.output('p').toString().trim().split('\n');
    expect(descriptors).toBe('none');
    expect(signals.map((line) => line.split(/\s+/)[1])).toEqual(['0000000000000000', '0000000000000000']);
  });

  test('are looked up in the PATH that was ordered', async () => {
    const init = await startInit(tools.directory, { env: { PATH: '/usr/bin:/bin' } });
    init.send(order.env({ PATH: '/nowhere' }), order.step('lost', '/', ['true']), order.quit());
    await init.exitCode;
    expect(course(init)).toEqual(['B lost', 'X lost 127']);
  });

  test('end with their command, whatever still holds its output', async () => {
    const init = await startInit(tools.directory);
    init.send(order.step('one', '/', ['sh', '-c', 'sleep 1000 & echo started']), order.step('two', '/', ['true']));
    init.send(order.quit());
    expect(await init.exitCode).toBe(0);
    expect(course(init)).toEqual(['B one', 'X one 0', 'B two', 'X two 0']);
    expect(init.output('p').toString()).toBe('started\n');
  });
});

/** A message's header without its payload. */
function header(type: string, length: number): Buffer {
  const bytes = Buffer.alloc(5, type);
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

function stored(position: string): Buffer {
  return Buffer.concat([header('K', position.length + 1), Buffer.from(`${position}\0`)]);
}

describe('malformed orders end init with 70 and a word why', () => {
  test.each([
    { what: 'an unknown type', bytes: header('?', 0), why: /unknown type 0x3f/ },
    { what: 'more than 1 MiB', bytes: header('E', 1024 * 1024 + 1), why: /longer than 1048576/ },
    {
      what: 'no NUL at the end',
      bytes: Buffer.concat([header('E', 3), Buffer.from('A=b')]),
      why: /does not end with a NUL/,
    },
    {
      what: 'a variable without a name',
      bytes: Buffer.concat([header('E', 3), Buffer.from('=b\0')]),
      why: /without a key/,
    },
    { what: 'a step without a command', bytes: order.step('name', '/', []), why: /'S' has 2 fields/ },
    {
      what: 'a listener without a target',
      bytes: Buffer.concat([header('F', 2), Buffer.from('a\0')]),
      why: /'F' has 1 fields/,
    },
    { what: 'an agent without a directory', bytes: header('A', 0), why: /no working directory/ },
    { what: 'a position that is no number', bytes: stored('12x'), why: /'K' holds no position/ },
    { what: 'a position below 0', bytes: stored('-1'), why: /'K' holds no position/ },
    { what: 'a position beyond 64 bits', bytes: stored('18446744073709551616'), why: /'K' holds no position/ },
    { what: 'a position beyond the reports', bytes: stored('1000'), why: /'K' is beyond the end/ },
    { what: 'no position', bytes: header('K', 0), why: /'K' has 0 fields/ },
    {
      what: 'a stop that is neither',
      bytes: Buffer.concat([header('T', 4), Buffer.from('HUP\0')]),
      why: /'T' says neither/,
    },
    { what: 'a stop without a word', bytes: header('T', 0), why: /'T' has 0 fields/ },
  ])('$what', async ({ bytes, why }) => {
    const init = await startInit(tools.directory);
    init.send(bytes);
    expect(await init.exitCode).toBe(70);
    expect(init.stderr).toMatch(why);
    expect((await init.report('D'))[0]).toMatch(why);
    expect(init.kinds()).toBe('RD');
  });

  test('an order of exactly 1 MiB is taken', async () => {
    const init = await startInit(tools.directory);
    const name = 'BIG=';
    const entries = Array.from(
      { length: 16 },
      (_, index) => [`BIG${index}`, 'x'.repeat(65_536 - name.length - 3)] as const,
    );
    init.send(order.env(Object.fromEntries(entries)), order.env({ SMALL: 'yes' }));
    init.send(order.step('show', '/', ['sh', '-c', 'echo ${#BIG15} $SMALL']), order.quit());
    expect(await init.exitCode).toBe(0);
    expect(init.output('p').toString()).toBe(`${65_536 - name.length - 3} yes\n`);
  });
});
