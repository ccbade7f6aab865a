import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { order } from '../../src/runtime/orders.ts';
import { childrenOf, shippedTools, startInit } from '../support/init-client.ts';
import { isRoot } from '../support/as-root.ts';
import { eventually } from '../support/eventually.ts';

let tools: Awaited<ReturnType<typeof shippedTools>>;
beforeAll(async () => {
  tools = await shippedTools();
}, 120_000);
afterAll(() => tools[Symbol.asyncDispose]());

describe('the agent', () => {
  test('gets the environment that was ordered, the image’s beneath it, and init itself never has it', async () => {
    const init = await startInit(tools.directory, { env: { FROM_IMAGE: 'i', BOTH: 'i' } });
    init.send(order.env({ BOTH: 'first' }), order.env({ BOTH: 'o', TOKEN: 'tok-4711' }));
    init.runAgent('echo "$FROM_IMAGE $BOTH $TOKEN $PATH"; exec sleep 1000');
    await init.outputHas('o', 'i o tok-4711 /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n');
    const ofInit = await readFile(`/proc/${await init.pid()}/environ`, 'latin1');
    expect(ofInit).not.toContain('tok-4711');
  });

  test('has its two outputs reported apart, byte for byte', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'daypass-bytes-'));
    try {
      const [out, err] = [randomBytes(700_001), randomBytes(300_007)];
      await writeFile(join(directory, 'out'), out);
      await writeFile(join(directory, 'err'), err);
      await chmod(directory, 0o755);
      const init = await startInit(tools.directory);
      init.send(order.agent(directory, ['sh', '-c', 'cat out & cat err >&2; wait; exit 3']));
      expect(await init.exitCode).toBe(3);
      expect(init.output('o').equals(out)).toBe(true);
      expect(init.output('e').equals(err)).toBe(true);
      expect(init.reports.at(-1)?.kind).toBe('Z');
      expect(await init.report('Z')).toEqual(['3', '', '']);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('has three descriptors, and none of init’s', async () => {
    const init = await startInit(tools.directory);
    init.runAgent('for fd in $(seq 0 40); do [ -e /proc/$$/fd/$fd ] && echo $fd; done; true');
    expect(await init.exitCode).toBe(0);
    expect(init.output('o').toString()).toBe('0\n1\n2\n');
  });

  test('is announced before it is started, and nothing is started after it', async () => {
    const init = await startInit(tools.directory);
    init.send(order.env({ SECRET: 's' }), order.agent('/', ['sh', '-c', 'echo "$SECRET"; exec sleep 1000']));
    init.send(order.env({ LATE: 'l' }), order.step('late', '/', ['echo', 'late']), order.stop('KILL'));
    expect(await init.report('g')).toEqual(['sh']);
    expect(await init.report('X')).toEqual(['late', '126']);
    expect(init.output('q').toString()).toBe('nothing is started after the agent\n');
    expect(init.kinds()).toMatch(/^RgGo?B/);
  });

  test('killed by a signal ends with that signal’s name and 128 + its number', async () => {
    const init = await startInit(tools.directory);
    init.runAgent('kill -SEGV $$');
    expect(await init.exitCode).toBe(139);
    expect(await init.report('Z')).toEqual(['139', 'SIGSEGV', '']);
  });

  test.each([
    { case: 'is missing', cwd: '/', command: 'no-such-command', code: 127, reason: /no-such-command.*No such file/ },
    { case: 'is a directory', cwd: '/', command: '/etc', code: 126, reason: /Permission denied/ },
    { case: 'has no working directory', cwd: '/nowhere', command: 'true', code: 126, reason: /enter \/nowhere/ },
  ])('that $case is reported with $code and the reason', async ({ cwd, command, code, reason }) => {
    const init = await startInit(tools.directory);
    init.send(order.agent(cwd, [command]));
    const [reported, words] = await init.report('N');
    expect(reported).toBe(String(code));
    expect(words).toMatch(reason);
    expect(await init.exitCode).toBe(code);
    expect(init.kinds()).toBe('RgN');
  });

  test.each([
    { case: 'is not executable', text: '#!/bin/sh\n', mode: 0o644, reason: /its mode is 644; make it executable/ },
    {
      case: 'has line ends of Windows',
      text: '#!/bin/sh\r\n',
      mode: 0o755,
      reason: /names \/bin\/sh and ends with a car/,
    },
    {
      case: 'has no interpreter',
      text: '#!/opt/none -x\n',
      mode: 0o755,
      reason: /its interpreter \/opt\/none is not there/,
    },
    {
      case: 'is for another CPU',
      text: '\u007fELF\u0002\u0001\u0001',
      mode: 0o755,
      reason: /built for another architecture/,
    },
  ])('that $case is reported with 126 and what to do', async ({ text, mode, reason }) => {
    const init = await startInit(tools.directory);
    const dir = await mkdtemp(join(tmpdir(), 'program-'));
    await writeFile(join(dir, 'program'), text.padEnd(64, text.startsWith('#') ? '\n' : '\0'));
    await chmod(join(dir, 'program'), mode);
    // Init may be another user than the one who has made it.
    await chmod(dir, 0o755);
    init.send(order.agent('/', [join(dir, 'program')]));
    const [reported, words] = await init.report('N');
    expect([reported, words]).toEqual(['126', expect.stringMatching(reason)]);
    await rm(dir, { recursive: true });
  });

  test('that is a text without an interpreter is run by the shell, with its arguments', async () => {
    const init = await startInit(tools.directory);
    const dir = await mkdtemp(join(tmpdir(), 'program-'));
    await writeFile(join(dir, 'program'), 'echo "$0: $1, $2"\n', { mode: 0o755 });
    await chmod(dir, 0o755);
    init.send(order.agent('/', [join(dir, 'program'), 'one', 'two']));
    expect(await init.exitCode).toBe(0);
    expect(init.output('o').toString()).toBe(`${join(dir, 'program')}: one, two\n`);
    await rm(dir, { recursive: true });
  });

  test('may make files that are longer than any disk', async () => {
    const init = await startInit(tools.directory);
    init.runAgent('ulimit -f');
    expect(await init.exitCode).toBe(0);
    expect(init.output('o').toString()).toBe('unlimited\n');
  });

  test('is started once, although it is ordered twice', async () => {
    const init = await startInit(tools.directory);
    init.runAgent('echo first; sleep 0.2');
    init.runAgent('echo second');
    expect(await init.exitCode).toBe(0);
    expect(init.output('o').toString()).toBe('first\n');
    expect(init.reports.filter((report) => report.kind === 'G')).toHaveLength(1);
  });

  test('gets a SIGTERM passed, and may end in its own way', async () => {
    const init = await startInit(tools.directory);
    init.runAgent('trap "echo bye; exit 9" TERM; echo ready; while :; do sleep 0.05; done');
    await init.outputHas('o', 'ready');
    await init.signal('SIGTERM');
    expect(await init.exitCode).toBe(9);
    expect(init.output('o').toString()).toBe('ready\nbye\n');
    expect(await init.report('Z')).toEqual(['9', '', 'outside']);
  });

  test('cannot have its own SIGTERM taken for one from outside', async () => {
    const init = await startInit(tools.directory);
    // rt_sigqueueinfo (129) of signal 15 to PID 1, with SI_QUEUE and 0 as the sender's id.
    const forge =
      'import ctypes, struct; ctypes.CDLL(None).syscall(129, 1, 15, struct.pack("iiiiii", 15, 0, -1, 0, 0, 0) + bytes(104))';
    init.runAgent(`trap "exit 6" TERM; python3 -c '${forge}'; while :; do sleep 0.05; done`);
    expect(await init.exitCode).toBe(6);
    expect(await init.report('Z')).toEqual(['6', '', '']);
  });

  test('may send init a SIGTERM itself: that is its own affair, as is an order to stop', async () => {
    const own = await startInit(tools.directory);
    own.runAgent('trap "exit 6" TERM; kill -TERM 1; while :; do sleep 0.05; done');
    expect(await own.exitCode).toBe(6);
    expect(await own.report('Z')).toEqual(['6', '', '']);
    const ordered = await startInit(tools.directory);
    ordered.runAgent('trap "exit 6" TERM; echo ready; while :; do sleep 0.05; done');
    await ordered.outputHas('o', 'ready');
    ordered.send(order.stop('TERM'));
    expect(await ordered.exitCode).toBe(6);
    expect(await ordered.report('Z')).toEqual(['6', '', '']);
  });

  test('goes on when nobody can give orders any more', async () => {
    const init = await startInit(tools.directory);
    init.runAgent('sleep 0.1; echo done');
    init.worker.close();
    expect(await init.exitCode).toBe(0);
    expect(init.output('o').toString()).toBe('done\n');
  });

  test('is not waited for by what it left running: that is killed', async () => {
    const init = await startInit(tools.directory);
    init.runAgent('setsid sh -c "echo left; exec sleep 1000" & sleep 0.1; exit 4');
    expect(await init.exitCode).toBe(4);
    expect(init.output('o').toString()).toBe('left\n');
  });

  test('leaves no zombies: init reaps every orphan', async () => {
    const init = await startInit(tools.directory);
    init.runAgent('for i in 1 2 3 4 5 6 7 8 9; do (sleep 0.01 & ); done; echo made; exec sleep 1000');
    await init.outputHas('o', 'made');
    const pid = await init.pid();
    const left = await eventually(
      () => childrenOf(pid),
      (children) => children.length === 1,
    );
    expect(await readFile(`/proc/${left[0]}/comm`, 'utf8')).toBe('sleep\n');
  });

  test.runIf(isRoot)('cannot look into init', async () => {
    const init = await startInit(tools.directory, { env: { PATH: '/usr/bin:/bin', MARK: 'of-init' } });
    init.runAgent('id -u; cat /proc/1/environ; cat /proc/1/mem; ls /proc/1/fd; ls /proc/1/cwd/; echo x > /proc/1/fd/3');
    await init.exitCode;
    expect(init.output('o').toString()).not.toContain('of-init');
    expect(
      init
        .output('e')
        .toString()
        .match(/Permission denied/g),
    ).toHaveLength(5);
    expect(init.stderr).toBe('');
  });
});

describe('without an agent', () => {
  test('an interactive session stays until it is told to stop, and ends with 143', async () => {
    const init = await startInit(tools.directory);
    init.send(order.agent('/', []), order.step('after', '/', ['echo', 'still here']));
    await init.outputHas('p', 'still here');
    await init.signal('SIGTERM');
    expect(await init.exitCode).toBe(143);
  });

  test('a stop before the command was started ends the session with 143, also in the middle of a step', async () => {
    const init = await startInit(tools.directory);
    init.send(order.step('long', '/', ['sh', '-c', 'echo began; exec sleep 1000']));
    await init.outputHas('p', 'began');
    await init.signal('SIGINT');
    expect(await init.exitCode).toBe(143);
  });

  test('the end of orders ends the session with 0, after its steps', async () => {
    const init = await startInit(tools.directory);
    init.send(order.step('one', '/', ['sh', '-c', 'sleep 0.05; echo done']), order.quit());
    expect(await init.exitCode).toBe(0);
    expect(init.output('p').toString()).toBe('done\n');
  });
});
