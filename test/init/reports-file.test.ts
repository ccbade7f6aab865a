import { execFileSync } from 'node:child_process';
import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_UNSTORED_BYTES, ORDERS_SOCKET } from '../../src/runtime/init-protocol.ts';
import { order } from '../../src/runtime/orders.ts';
import { isRoot } from '../support/as-root.ts';
import { eventually } from '../support/eventually.ts';
import {
  childrenOf,
  initDirectory,
  runInit,
  shippedTools,
  startInit,
  type InitClient,
} from '../support/init-client.ts';

let tools: Awaited<ReturnType<typeof shippedTools>>;
beforeAll(async () => {
  tools = await shippedTools();
}, 120_000);
afterAll(() => tools[Symbol.asyncDispose]());

const MIB = 1024 * 1024;
/** Of a report; the most that init may read in one go before it looks at its bound again. */
const ONE_REPORT = 16 + 64 * 1024;

/** Resolves when nobody takes out of the pipe what init's child writes. */
async function childWaits(init: InitClient): Promise<void> {
  const pid = await init.pid();
  const [child] = await eventually(
    () => childrenOf(pid),
    (children) => children.length > 0,
  );
  await eventually(
    () => readFile(`/proc/${child}/wchan`, 'utf8'),
    (waitsIn) => waitsIn.includes('pipe'),
  );
}

async function sizeReaches(init: InitClient, bytes: number): Promise<void> {
  await eventually(
    () => stat(init.reportsPath),
    ({ size }) => size >= bytes,
  );
}

function zeros(mib: number): Buffer {
  return order.agent('/', ['dd', 'if=/dev/zero', 'bs=64k', `count=${mib * 16}`, 'status=none']);
}

/** The position up to which everything that is in the file is gathered. */
async function gatheredAll(init: InitClient): Promise<number> {
  const { size } = await eventually(
    () => stat(init.reportsPath),
    (file) => init.reports.at(-1)?.end === file.size,
  );
  return size;
}

describe('a second init', () => {
  test.each([
    { when: 'while the directory is open', mode: 0o777 },
    { when: 'after the worker has shut it', mode: 0o700 },
  ])('does nothing, $when', async ({ mode }) => {
    const first = await startInit(tools.directory);
    await chmod(first.directory, mode);
    await first.signal('SIGTERM');
    expect(await first.exitCode).toBe(143);
    const before = await readFile(first.reportsPath);
    const second = runInit(tools.directory, first.directory);
    expect(await second.exitCode).toBe(70);
    expect(second.stderr).toBe('daypass init: this sandbox was started before\n');
    expect((await readFile(first.reportsPath)).equals(before)).toBe(true);
  });
});

test('init does not run without its directory', async () => {
  const init = runInit(tools.directory, '/dev/shm/no-such-directory');
  expect(await init.exitCode).toBe(70);
  expect(init.stderr).toMatch(/cannot create \/dev\/shm\/no-such-directory\/reports: No such file/);
});

test('init says in its reports why it cannot listen', async () => {
  const directory = join(await initDirectory(), 'x'.repeat(80));
  execFileSync('mkdir', ['-m', '777', directory]);
  const init = runInit(tools.directory, directory);
  expect(await init.exitCode).toBe(70);
  expect((await init.report('D'))[0]).toMatch(/too long for a socket/);
});

describe('the directory', () => {
  test('holds reports that all may read and a socket that all may connect to, until the worker shuts it', async () => {
    const init = await startInit(tools.directory);
    expect((await stat(init.reportsPath)).mode & 0o777).toBe(0o644);
    expect((await stat(join(init.directory, ORDERS_SOCKET))).mode & 0o777).toBe(0o777);
  });

  test.runIf(isRoot)('is closed to the agent', async () => {
    const init = await startInit(tools.directory);
    const { directory } = init;
    init.runAgent(`ls ${directory}; cat ${directory}/reports; echo x >> ${directory}/reports; rm ${directory}/reports`);
    await init.exitCode;
    const refusals = init
      .output('e')
      .toString()
      .match(/Permission denied/g);
    expect(refusals).toHaveLength(4);
    expect(init.output('o').toString()).toBe('');
  });
});

describe('reports', () => {
  test('are all there when nobody was connected, and when init was killed', async () => {
    const init = await startInit(tools.directory);
    init.runAgent('seq 1 20000; echo end; exec sleep 1000');
    init.worker.close();
    await init.outputHas('o', 'end');
    await init.signal('SIGKILL');
    await init.exitCode;
    expect(init.kinds()).toMatch(/^RgGo+$/);
    const all = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join('');
    expect(init.output('o').toString()).toBe(`${all}end\n`);
  });

  test('are hinted at on the connection', async () => {
    const init = await startInit(tools.directory);
    await init.worker.hello;
    expect(init.worker.hints).toBe(0);
    init.send(order.step('one', '/', ['echo', 'hello']));
    await init.report('X');
    await eventually(
      () => init.worker.hints,
      (hints) => hints > 0,
    );
  });
});

describe('while nobody stores reports', () => {
  test('the agent waits at the bound; it goes on with every byte once they are stored', async () => {
    const init = await startInit(tools.directory);
    init.send(zeros(24));
    await sizeReaches(init, MAX_UNSTORED_BYTES);
    await childWaits(init);
    let end = await gatheredAll(init);
    expect(end).toBeGreaterThanOrEqual(MAX_UNSTORED_BYTES);
    expect(end).toBeLessThan(MAX_UNSTORED_BYTES + ONE_REPORT);
    // A step's reports are short, and nobody has to wait for them.
    init.send(order.step('short', '/', ['true']));
    await init.report('X');
    init.worker.close();
    await init.connect();
    while (!init.kinds().includes('Z')) {
      end = init.reports.at(-1)?.end ?? 0;
      init.send(order.stored(end));
      await eventually(
        () => init.reports.at(-1)?.end ?? 0,
        (now) => now > end || init.kinds().includes('Z'),
        { everyMs: 5 },
      );
    }
    expect(await init.exitCode).toBe(0);
    expect(init.output('o').equals(Buffer.alloc(24 * MIB))).toBe(true);
  });

  test('a step waits too, and reports are stored while it runs and others wait for it', async () => {
    const init = await startInit(tools.directory);
    init.send(order.step('big', '/', ['dd', 'if=/dev/zero', 'bs=64k', 'count=160', 'status=none']), order.quit());
    await sizeReaches(init, MAX_UNSTORED_BYTES);
    await childWaits(init);
    expect(init.kinds()).not.toContain('X');
    init.send(order.stored(await gatheredAll(init)));
    expect(await init.exitCode).toBe(0);
    expect(init.output('p').length).toBe(160 * 64 * 1024);
  });

  test('what the agent has written when it ends is reported, beyond the bound', async () => {
    const init = await startInit(tools.directory);
    init.runAgent('head -c 8388608 /dev/zero; printf "%020000d" 7; echo last words >&2; exit 5');
    expect(await init.exitCode).toBe(5);
    expect(init.output('o').length).toBe(8 * MIB + 20_000);
    expect(init.output('e').toString()).toBe('last words\n');
    expect(await init.report('Z')).toEqual(['5', '', '']);
  });

  test('what a step leaves running may write on; the step has ended all the same', async () => {
    const init = await startInit(tools.directory);
    init.send(order.step('one', '/', ['sh', '-c', 'yes & sleep 0.1']), order.quit());
    expect(await init.exitCode).toBe(0);
    expect(await init.report('X')).toEqual(['one', '0']);
  });
});

test('memory of stored reports is given back, and positions stay', async () => {
  const init = await startInit(tools.directory);
  init.send(order.step('big', '/', ['head', '-c', String(7 * MIB), '/dev/zero']));
  await init.report('X');
  const size = await gatheredAll(init);
  expect(await memoryOf(init)).toBeGreaterThanOrEqual(7 * MIB);
  init.send(order.stored(5_000), order.stored(4 * MIB + 1), order.stored(3));
  await eventually(
    () => memoryOf(init),
    (bytes) => bytes < 3.5 * MIB && bytes > 2.5 * MIB,
  );
  init.send(order.stored(size));
  await eventually(
    () => memoryOf(init),
    (bytes) => bytes <= 4096,
  );
  expect((await stat(init.reportsPath)).size).toBe(size);
  init.send(order.step('after', '/', ['echo', 'after']));
  await init.outputHas('p', 'after');
  expect(init.reports.find((report) => report.end > size)?.kind).toBe('B');
});

/** The memory that the file takes, in bytes; `blocks` counts 512 of them. */
async function memoryOf(init: InitClient): Promise<number> {
  return (await stat(init.reportsPath)).blocks * 512;
}

describe('on a full file system', () => {
  test('output, orders and the hello wait, what frees memory does not; nothing is lost', async () => {
    const init = await startInit(tools.directory);
    await init.limitFile(100_001);
    init.send(order.step('big', '/', ['seq', '1', '100000']), order.step('next', '/', ['echo', 'of the old worker']));
    await sizeReaches(init, 100_001);
    await childWaits(init);
    let isGreeted = false;
    const worker = await init.connect();
    void worker.hello.then(() => (isGreeted = true));
    init.send(order.step('mine', '/', ['echo', 'taken over']), order.stored(90_000));
    await eventually(
      () => memoryOf(init),
      (bytes) => bytes < 20_000,
    );
    expect(isGreeted).toBe(false);
    await init.limitFile('unlimited');
    const hello = await worker.hello;
    await init.outputHas('p', 'taken over');
    expect(init.reports.map((report) => report.end)).toContain(hello);
    const lines = init.output('p').toString().split('\n');
    expect(lines.slice(0, 15_000)).toEqual(Array.from({ length: 15_000 }, (_, index) => String(index + 1)));
    expect(lines).not.toContain('of the old worker');
  });

  test('an agent whose start cannot be reported is not started, and init does not wait for good', async () => {
    const init = await startInit(tools.directory);
    await init.limitFile((await stat(init.reportsPath)).size);
    const mark = join(await initDirectory(), 'mark');
    init.send(order.agent('/', ['touch', mark]));
    expect(await init.exitCode).toBe(126);
    expect(init.kinds()).toBe('R');
    await expect(stat(mark)).rejects.toMatchObject({ code: 'ENOENT' });
  }, 20_000);
});
