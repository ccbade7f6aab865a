import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { nothingLeft, startStack, type Stack } from '../support/stack.ts';
import { createRepo, logOf, settled, startSession, until } from './session.ts';

/** What is narrowed must be cut within this time of the answer. */
const CUT_MS = 2_000;

interface NetworkDetail {
  host?: string | null;
  port?: number;
  verdict?: string;
  reason?: string | null;
  count?: number;
}

/** Every server that there is in the world of these tests: it answers what it is told, and knows who told it. */
const clients = new Map<string, Socket>();
const world = createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', (name: Buffer) => clients.set(name.toString().trim(), socket));
  socket.pipe(socket);
});

/**
 * The agent: for each name a tunnel to NAME.example.com:5000, by CONNECT, through which it says NAME. It tries again when one
 * ends, until it is refused.
 */
const AGENT = (names: string) => `
  const net = require('node:net');
  const open = (name) => {
    let refused = false;
    const socket = net.connect(3128, '127.0.0.1', () => {
      socket.write('CONNECT ' + name + '.example.com:5000 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n');
    });
    socket.once('data', (head) => {
      refused = !head.toString().startsWith('HTTP/1.1 200');
      if (!refused) socket.write(name + '\\n');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => refused || setTimeout(open, 200, name));
  };
  for (const name of '${names}'.split(' ')) open(name);
  setInterval(() => undefined, 1000);`;

describe('the network of a session', () => {
  let stack: Stack;
  beforeAll(async () => {
    world.listen(0, '127.0.0.1');
    await once(world, 'listening');
    const { port } = world.address() as AddressInfo;
    const programs = { gateway: 'test/support/gateway-in-a-world.ts' };
    stack = await startStack({ TEST_WORLD_PORT: String(port) }, { programs });
  });
  afterAll(async () => {
    await stack?.[Symbol.asyncDispose]();
    for (const socket of clients.values()) socket.destroy();
    world.close();
  });

  const patch = async (id: string, allow: string[]): Promise<void> => {
    const response = await stack.call('PATCH', `/v1/sessions/${id}/network`, { allow });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ id });
  };
  const events = async (id: string): Promise<{ type: string; detail: NetworkDetail }[]> =>
    ((await (await stack.call('GET', `/v1/sessions/${id}/events?limit=200`)).json()) as { data: never[] }).data;
  const networkOf = async (id: string): Promise<NetworkDetail[]> =>
    (await events(id)).filter(({ type }) => type === 'network').map(({ detail }) => detail);
  const isOpen = (name: string): boolean => clients.get(name)?.destroyed === false;
  const connected = (...names: string[]): Promise<boolean> => eventually(() => names.every(isOpen), Boolean);
  const start = async (allow: string[], names: string): Promise<string> => {
    clients.clear();
    const { id } = await startSession(stack, {
      repos: [{ id: await createRepo(stack) }],
      command: ['node', '-e', AGENT(names)],
      network: { allow },
    });
    await until(stack, id, ({ status }) => status === 'running');
    return id;
  };
  const rule = (name: string): string => `tcp://${name}.example.com:5000`;

  it('is narrowed while it runs: what is not allowed any more is cut within 2 s, the rest lives on', async () => {
    const id = await start([rule('a'), rule('b')], 'a b');
    await connected('a', 'b');
    await patch(id, [rule('b')]);
    const answered = performance.now();
    await eventually(
      () => isOpen('a'),
      (open) => !open,
      { everyMs: 5 },
    );
    const tookMs = performance.now() - answered;
    expect(tookMs).toBeLessThan(CUT_MS);
    expect(isOpen('b')).toBe(true);
    const seen = await eventually(
      () => networkOf(id),
      (found) => found.some(({ verdict }) => verdict === 'cut'),
    );
    expect(seen).toContainEqual(
      expect.objectContaining({ host: 'a.example.com', port: 5000, verdict: 'cut', count: 1 }),
    );
    expect(seen).toContainEqual(expect.objectContaining({ host: 'b.example.com', verdict: 'allowed', count: 1 }));
    expect((await events(id)).find(({ type }) => type === 'network_changed')?.detail).toEqual({
      allow: [rule('b')],
      added: [],
      removed: [rule('a')],
    });
    await stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 0 });
    await settled(stack, id);
    const late = await stack.call('PATCH', `/v1/sessions/${id}/network`, { allow: [] });
    expect(late.status).toBe(409);
    expect(await late.json()).toMatchObject({ code: 'session_ended' });
    console.info(`cut ${Math.round(tookMs)} ms after the answer`);
  });

  it('is narrowed while its worker is gone, as soon as another one has it', async () => {
    const id = await start([rule('a'), rule('b')], 'a b');
    await connected('a', 'b');
    await stack.stop('worker', 'SIGKILL');
    await patch(id, [rule('b')]);
    expect(isOpen('a')).toBe(true);
    await stack.start('worker');
    await eventually(
      () => isOpen('a'),
      (open) => !open,
      { timeoutMs: 30_000 },
    );
    expect(isOpen('b')).toBe(true);
    await stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 0 });
    await settled(stack, id);
    // What was decided while nobody listened is told too.
    expect(await networkOf(id)).toContainEqual(expect.objectContaining({ host: 'a.example.com', verdict: 'cut' }));
  });

  it('is changed while the gateway is gone, and by that when it is back', async () => {
    const id = await start([rule('a')], 'a');
    await connected('a');
    await stack.stop('gateway', 'SIGKILL');
    await eventually(
      () => isOpen('a'),
      (open) => !open,
    );
    await patch(id, [rule('b')]);
    await stack.start('gateway');
    const seen = await eventually(
      () => networkOf(id),
      (found) => found.some(({ verdict }) => verdict === 'refused'),
    );
    expect(seen).toContainEqual(
      expect.objectContaining({
        host: 'a.example.com',
        reason: "a.example.com:5000 is not in this session's network.allow",
      }),
    );
    await stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 0 });
    await settled(stack, id);
  });

  it('tells of every decision and of no secret', async () => {
    const secret = 'hunter2-hunter2';
    const script = `
      for i in 1 2 3 4 5; do curl -s -o /dev/null https://refused.example.com; done
      curl -s -o /dev/null https://$REPO_TOKEN.example.com; curl -s -o /dev/null http://$MODEL_KEY.example.com/
      echo done`;
    const { id } = await startSession(stack, {
      repos: [{ id: await createRepo(stack) }],
      command: ['sh', '-c', script],
      secrets: { MODEL_KEY: secret },
    });
    await settled(stack, id);
    expect(await logOf(stack, id)).toContain('done');
    const seen = await networkOf(id);
    const refused = seen.filter(({ host, verdict }) => host === 'refused.example.com' && verdict === 'refused');
    expect(refused.reduce((sum, { count = 0 }) => sum + count, 0)).toBe(5);
    expect(seen).toContainEqual(expect.objectContaining({ host: 'rlcr(45).example.com', port: 443 }));
    expect(seen).toContainEqual(expect.objectContaining({ host: '[secret].example.com', port: 80 }));
    expect(JSON.stringify(seen)).not.toMatch(/hunter2|rlcr-/);
  });

  it('leaves nothing behind, all in all', async () => {
    expect(await nothingLeft(stack)).toEqual([]);
  });
});
