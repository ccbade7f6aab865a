import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { order } from '../../src/runtime/orders.ts';
import { shippedTools, startInit, type InitClient } from '../support/init-client.ts';
import { eventually } from '../support/eventually.ts';

let tools: Awaited<ReturnType<typeof shippedTools>>;
beforeAll(async () => {
  tools = await shippedTools();
}, 120_000);
afterAll(() => tools[Symbol.asyncDispose]());

/** What the agent wrote to both streams, as the reports have it. */
function written(init: InitClient): string {
  const output = init.reports.filter(({ kind }) => kind === 'o' || kind === 'e');
  return output.map(({ kind, payload }) => payload.toString().replaceAll(/\w+/g, `${kind}$&`)).join('');
}

/** Python that waits until init has read what is in its pipes. */
const READ = `import fcntl, os, struct, termios, time
def held(fd): return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"0000"))[0]
def write(fd, text):
    os.write(fd, text)
    while held(1) or held(2): time.sleep(0.0001)
`;

describe('what an agent writes to both streams', () => {
  test('is reported in the order in which it was written, when each write is read before the next', async () => {
    const init = await startInit(tools.directory);
    init.send(order.agent('/', ['python3', '-c', `${READ}for i in range(500): write(1 + i % 2, b"%d " % i)`]));
    expect(await init.exitCode).toBe(0);
    const expected = Array.from({ length: 500 }, (_, i) => `${i % 2 === 0 ? 'o' : 'e'}${i} `).join('');
    expect(written(init)).toBe(expected);
  });

  test('is so too when init comes late, whichever of the two was first', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'daypass-order-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    await chmod(directory, 0o777);
    const init = await startInit(tools.directory);
    const script = `${READ}
def when(name):
    while not os.path.exists(name): time.sleep(0.005)
write(1, b"up ")
for i in range(6):
    when("stopped%d" % i)
    first = 1 + i % 2
    os.write(first, b"first%d " % i); os.write(3 - first, b"then%d " % i)
    open("written%d" % i, "w").close()
    while held(1) or held(2): time.sleep(0.0001)`;
    init.send(order.agent(directory, ['python3', '-c', script]));
    await init.outputHas('o', 'up');
    for (let i = 0; i < 6; i++) {
      await init.signal('SIGSTOP');
      await writeFile(join(directory, `stopped${i}`), '');
      await eventually(
        () => stat(join(directory, `written${i}`)).catch(() => null),
        (found) => found !== null,
      );
      await init.signal('SIGCONT');
      await init.outputHas(i % 2 === 0 ? 'e' : 'o', `then${i}`);
    }
    expect(await init.exitCode).toBe(0);
    const rounds = Array.from({ length: 6 }, (_, i) =>
      i % 2 === 0 ? `ofirst${i} ethen${i} ` : `efirst${i} othen${i} `,
    );
    expect(written(init)).toBe(`oup ${rounds.join('')}`);
  });

  test('keeps the order of each stream, whatever is written at once, and neither waits for the other to end', async () => {
    const init = await startInit(tools.directory);
    init.send(order.agent('/', ['sh', '-c', 'seq 1 200000 & seq 1 200000 >&2; wait']));
    expect(await init.exitCode).toBe(0);
    const numbers = Array.from({ length: 200_000 }, (_, i) => `${i + 1}\n`).join('');
    expect(init.output('o').toString() === numbers).toBe(true);
    expect(init.output('e').toString() === numbers).toBe(true);
    const kinds = init.kinds().replaceAll(/[^oe]/g, '');
    expect(kinds).toMatch(/o+e+o+e|e+o+e+o/);
  });
});
