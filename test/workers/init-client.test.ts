import { expect, it } from 'vitest';
import { INIT_PROTOCOL_VERSION } from '../../src/runtime/init-protocol.ts';
import type { Report } from '../../src/runtime/reports.ts';
import type { SandboxChannel } from '../../src/runtime/sandbox-channel.ts';
import { InitClient } from '../../workers/init-client.ts';

const HEADER_BYTES = 16;

/** Reports one after another, each with its strings, as `since` finds them. */
function channelOf(said: [kind: string, ...strings: string[]][], over: Partial<SandboxChannel> = {}): SandboxChannel {
  let end = 0;
  const reports = said.map(([kind, ...strings]): Report => {
    const payload = Buffer.from(strings.map((text) => `${text}\0`).join(''));
    end += HEADER_BYTES + payload.length;
    return { kind, timeMs: 0, payload, end };
  });
  return {
    since: end,
    isClosed: false,
    send: async () => undefined,
    reports: (async function* () {
      yield* reports;
    })(),
    close: () => undefined,
    ...over,
  };
}

const nowhere = { agent: async () => undefined, step: async () => undefined, passed: async () => undefined };
const options = { hasAgent: false, onStarted: async () => undefined, onUsedUp: async () => undefined };

it('a step that is ordered after the sandbox is gone fails at once, with what init said last', async () => {
  const init = new InitClient(channelOf([['D', 'no such order']]), nowhere, options);
  await init.pump();
  await expect(init.runStep('clone', '/', ['git'])).rejects.toThrow('no such order');
  await expect(init.startAgent('/', ['true'])).rejects.toMatchObject({ code: 'sandbox_failed' });
});

it('a stream that breaks while a step is being ordered fails that step, and nothing else', async () => {
  const sent = Promise.withResolvers<void>();
  const init = new InitClient(channelOf([], { send: () => sent.promise }), nowhere, options);
  const step = init.runStep('clone', '/', ['git']);
  await init.pump();
  sent.reject(new Error('write EPIPE'));
  await expect(step).rejects.toThrow('write EPIPE');
});

it('whoever takes a sandbox over knows what it has done before it gives an order', async () => {
  const started: string[] = [];
  const channel = channelOf([['R', '3'], ['g', 'sh'], ['G'], ['Z', '4', '']]);
  const init = new InitClient(channel, nowhere, { ...options, onStarted: async () => void started.push('running') });
  void init.pump();
  await init.caughtUp(0);
  expect(init.hasAgent).toBe(true);
  expect(started).toEqual(['running']);
  expect(await init.exited).toEqual({ exitCode: 4, signal: null, fromOutside: false, killedFor: null, timeMs: 0 });
});

it('what a sandbox has used up is told in order, and why its agent was killed', async () => {
  const told: unknown[] = [];
  const channel = channelOf([
    ['G'],
    ['H', 'disk', '/workspace', 'inodes', '1'],
    ['H', 'memory', '', '', '2'],
    ['Z', '137', 'SIGKILL', '', 'memory'],
  ]);
  const init = new InitClient(channel, nowhere, { ...options, onUsedUp: async (usedUp) => void told.push(usedUp) });
  await init.pump();
  expect(told).toEqual([
    { resource: 'disk', where: '/workspace', of: 'inodes', count: 1 },
    { resource: 'memory', count: 2 },
  ]);
  expect(init.usedUp).toEqual(told);
  expect(await init.exited).toMatchObject({ exitCode: 137, killedFor: 'memory' });
});

it('the end of a step of an earlier time is not taken for the end of this one', async () => {
  let ordered = '';
  const more = Promise.withResolvers<void>();
  const report = (kind: string, text: string): Report => ({ kind, timeMs: 0, payload: Buffer.from(text), end: 1 });
  const channel = channelOf([], {
    send: async (order) => void (ordered = Buffer.from(order).subarray(5).toString().split('\0')[0] ?? ''),
    reports: (async function* () {
      await more.promise;
      yield report('q', 'old words');
      yield report('X', 'clone of-before\x00137\0');
      yield report('B', `${ordered}\0`);
      yield report('q', 'new words');
      yield report('X', `${ordered}\x000\0`);
    })(),
  });
  const init = new InitClient(channel, nowhere, options);
  void init.pump();
  const step = init.runStep('clone', '/', ['git']);
  more.resolve();
  expect(await step).toEqual({ exitCode: 0, stdout: '', stderr: 'new words' });
});

it('says that the command cannot be started', async () => {
  const init = new InitClient(
    channelOf([
      ['g', 'x'],
      ['N', '127', 'cannot run x'],
    ]),
    nowhere,
    options,
  );
  void init.pump();
  await expect(init.started).rejects.toMatchObject({ code: 'command_not_found' });
});

it('leaves the last words for the next worker: they are never done with while the session has no end', async () => {
  const done: number[] = [];
  const sink = { ...nowhere, passed: async (end: number) => void done.push(end) };
  const channel = channelOf([['R', '3'], ['g', 'sh'], ['G'], ['Z', '0', '']]);
  const init = new InitClient(channel, sink, options);
  await init.pump();
  expect(await init.exited).toEqual({ exitCode: 0, signal: null, fromOutside: false, killedFor: null, timeMs: 0 });
  expect(done).toHaveLength(3);
  expect(Math.max(...done)).toBeLessThan(channel.since);
});

/** Types of the orders that came through. */
function recorder(): { sent: string[]; send: (order: Uint8Array) => Promise<void> } {
  const sent: string[] = [];
  return { sent, send: async (order) => void sent.push(String.fromCharCode(order[0] ?? 0)) };
}

it.each([['3'], [undefined]])('a sandbox of protocol %s is given no order that would end it', async (protocol) => {
  const { sent, send } = recorder();
  const init = new InitClient(channelOf([], { send }), nowhere, { ...options, protocol });
  await init.setPorts([443]);
  await init.setWatchdog(60, 10);
  await expect(init.setAgentEnv({ KEY: 'value' })).rejects.toThrow('another version of Daypass');
  expect(sent).toEqual(['W']);
});

it.each([['4'], [undefined]])('a sandbox of protocol %s is given no standard input', async (protocol) => {
  const { sent, send } = recorder();
  const init = new InitClient(channelOf([], { send }), nowhere, { ...options, protocol });
  await expect(init.setStdin(Buffer.from('text'))).rejects.toMatchObject({
    code: 'sandbox_failed',
    message: expect.stringContaining('older version of Daypass'),
  });
  expect(sent).toEqual([]);
});

it('a standard input of 1 MiB is given in several orders, and an empty one in none', async () => {
  const { sent, send } = recorder();
  const init = new InitClient(channelOf([], { send }), nowhere, { ...options, protocol: INIT_PROTOCOL_VERSION });
  await init.setStdin(Buffer.alloc(1024 * 1024));
  expect(sent).toEqual(['I', 'I', 'I', 'I']);
  await init.setStdin(Buffer.alloc(0));
  expect(sent).toHaveLength(4);
});

it('a sandbox of today’s protocol is given every order', async () => {
  const { sent, send } = recorder();
  const protocol = INIT_PROTOCOL_VERSION;
  const init = new InitClient(channelOf([], { send }), nowhere, { ...options, protocol });
  await init.setPorts([443]);
  await init.setAgentEnv({ KEY: 'value' });
  expect(sent).toEqual(['N', 'U']);
});

it('what a sandbox says of its protocol counts from then on', async () => {
  const { sent, send } = recorder();
  const init = new InitClient(channelOf([['R', '4']], { send }), nowhere, options);
  expect(init.protocol).toBeNull();
  await init.pump();
  expect(init.protocol).toBe('4');
  await init.setPorts([443]);
  expect(sent).toEqual(['N']);
});
