import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { order } from '../../src/runtime/orders.ts';
import { strings } from '../../src/runtime/reports.ts';
import { eventually } from '../support/eventually.ts';
import { shippedTools, startInit, type InitClient } from '../support/init-client.ts';

let tools: Awaited<ReturnType<typeof shippedTools>>;
beforeAll(async () => {
  tools = await shippedTools();
}, 120_000);
afterAll(() => tools[Symbol.asyncDispose]());

/** What the kernel writes, in the files of either version of control groups. */
const VERSIONS = {
  'version 2': {
    memory: ['memory.events', (kills: number) => `low 0\nhigh 0\nmax 9\noom 1\noom_kill ${kills}\noom_group_kill 0\n`],
    pids: ['pids.events', (refused: number) => `max ${refused}\n`],
  },
  'version 1': {
    memory: ['memory/memory.oom_control', (kills: number) => `oom_kill_disable 0\nunder_oom 0\noom_kill ${kills}\n`],
    pids: ['pids/pids.events', (refused: number) => `max ${refused}\n`],
  },
} as const;

type Version = keyof typeof VERSIONS;

/** A directory as the kernel shows one, in which the test lets things happen. */
async function fakeCgroup(version: Version) {
  const dir = await mkdtemp(join(tmpdir(), 'daypass-cgroup-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  // Init reads it as the agent’s user.
  await chmod(dir, 0o755);
  const set = async (what: 'memory' | 'pids', count: number): Promise<void> => {
    const [file, text] = VERSIONS[version][what];
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text(count));
  };
  await set('memory', 0);
  await set('pids', 0);
  const over = join(dir, 'over');
  return { dir, set, untilOver: `while [ ! -e ${over} ]; do sleep 0.1; done`, end: () => writeFile(over, '') };
}

const told = (init: InitClient) => init.reports.filter(({ kind }) => kind === 'H').map((report) => strings(report));

describe.each(Object.keys(VERSIONS) as Version[])('in control groups of %s init', (version) => {
  test('tells of a process that was killed for want of memory while the agent goes on', async () => {
    const cgroup = await fakeCgroup(version);
    const init = await startInit(tools.directory, { cgroupDir: cgroup.dir });
    init.runAgent(`${cgroup.untilOver}; exit 0`);
    await init.report('G');
    await cgroup.set('memory', 1);
    expect(await init.report('H')).toEqual(['memory', '', '', '1']);
    await cgroup.end();
    expect(await init.exitCode).toBe(0);
    expect(await init.report('Z')).toEqual(['0', '', '']);
  });

  test('tells of refused forks ever more rarely, and at the end how many there were', async () => {
    const cgroup = await fakeCgroup(version);
    const init = await startInit(tools.directory, { cgroupDir: cgroup.dir });
    init.runAgent(`${cgroup.untilOver}; exit 1`);
    await init.report('G');
    const began = performance.now();
    for (let count = 1; count <= 30; count++) {
      await cgroup.set('pids', count);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await cgroup.end();
    expect(await init.exitCode).toBe(1);
    const seconds = (performance.now() - began) / 1_000;
    expect(told(init).at(-1)).toEqual(['pids', '', '', '30']);
    // At once and at the end; between them after 1, 3, 7, 15 and so on seconds.
    expect(told(init).length).toBeLessThanOrEqual(2 + Math.floor(Math.log2(seconds + 1)));
  });

  test('says of an agent that was killed that it was for want of memory', async () => {
    const cgroup = await fakeCgroup(version);
    const init = await startInit(tools.directory, { cgroupDir: cgroup.dir });
    init.runAgent(`${cgroup.untilOver}; kill -9 $$`);
    await init.report('G');
    await cgroup.set('memory', 1);
    await cgroup.end();
    await init.exitCode;
    expect(await init.report('Z')).toEqual(['137', 'SIGKILL', '', 'memory']);
  });

  test('says nothing of memory when an agent was killed by anything else', async () => {
    const cgroup = await fakeCgroup(version);
    const init = await startInit(tools.directory, { cgroupDir: cgroup.dir });
    init.runAgent('kill -9 $$');
    await init.exitCode;
    expect(await init.report('Z')).toEqual(['137', 'SIGKILL', '']);
  });
});

describe('init', () => {
  test('says that it cannot know where the kernel shows it nothing', async () => {
    const init = await startInit(tools.directory, { cgroupDir: '/nonexistent' });
    init.runAgent('kill -9 $$');
    await init.exitCode;
    expect(await init.report('Z')).toEqual(['137', 'SIGKILL', '', 'unknown']);
  });

  test('does not take an agent that it killed itself for one that had no memory', async () => {
    const cgroup = await fakeCgroup('version 2');
    const init = await startInit(tools.directory, { cgroupDir: cgroup.dir });
    init.runAgent('sleep 60');
    await init.report('G');
    await cgroup.set('memory', 1);
    await init.report('H');
    init.send(order.stop('KILL'));
    await init.exitCode;
    expect(await init.report('Z')).toEqual(['137', 'SIGKILL', '']);
  });

  test('tells of a step that was killed, before what comes of it', async () => {
    const cgroup = await fakeCgroup('version 2');
    const init = await startInit(tools.directory, { cgroupDir: cgroup.dir });
    init.send(order.step('clone', '/', ['sleep', '60']));
    await init.report('B');
    await cgroup.set('memory', 1);
    await eventually(
      () => init.kinds(),
      (kinds) => kinds.includes('H'),
    );
    init.send(order.stop('KILL'));
    await init.exitCode;
    expect(told(init)).toEqual([['memory', '', '', '1']]);
  });
});
