import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { order } from '../../src/runtime/orders.ts';
import { FakeGateway, type Accept } from '../support/fake-gateway.ts';
import { strings } from '../../src/runtime/reports.ts';
import { eventually } from '../support/eventually.ts';
import { RESET } from '../support/until-over.ts';
import { childrenOf, shippedTools, startInit, type InitClient } from '../support/init-client.ts';

const TARGET = { host: 'repos.example', port: 7080 };
// As musl and as glibc say it.
const TAKEN = expect.stringMatching(/^cannot listen: Address (already )?in use$/);
const OK = 'HTTP/1.1 200 Connection established\r\n\r\n';

let tools: Awaited<ReturnType<typeof shippedTools>>;
beforeAll(async () => {
  tools = await shippedTools();
}, 120_000);
afterAll(() => tools[Symbol.asyncDispose]());

const echo: Accept = (_head, socket) => {
  socket.write(OK);
  socket.pipe(socket);
};

/** Has init listen, and gives the port it listens on. */
async function listen(init: InitClient, target: typeof TARGET | null = TARGET): Promise<number> {
  init.send(order.forward({ address: '127.0.0.1', port: 0 }, target));
  const [address, port, result] = await init.report('L');
  expect([address, result]).toEqual(['127.0.0.1', 'ok']);
  return Number(port);
}

/** Everything the other side sends after `bytes` were sent and our side was closed. */
async function exchange(port: number, bytes: Buffer | string): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1');
  socket.end(bytes);
  return await readAll(socket);
}

async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks);
}

describe('a listener', () => {
  test('carries a connection to its target through the gateway', async () => {
    const gateway = await FakeGateway.create();
    await gateway.listen(echo);
    const init = await startInit(tools.directory, { gatewayPath: gateway.path });
    const port = await listen(init);
    expect((await exchange(port, 'hello')).toString()).toBe('hello');
    expect(gateway.heads).toEqual(['CONNECT repos.example:7080 HTTP/1.1\r\nHost: repos.example:7080\r\n\r\n']);
  });

  test('without a target passes the bytes as they are', async () => {
    const gateway = await FakeGateway.create();
    await gateway.listenRaw((socket) => socket.pipe(socket));
    const init = await startInit(tools.directory, { gatewayPath: gateway.path });
    const port = await listen(init, null);
    expect((await exchange(port, 'CONNECT x:1 HTTP/1.1\r\n\r\n')).toString()).toBe('CONNECT x:1 HTTP/1.1\r\n\r\n');
  });

  test('closes a connection that the gateway refuses, with no byte of the refusal', async () => {
    const gateway = await FakeGateway.create();
    await gateway.listen((_head, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\nnot on the list'));
    const init = await startInit(tools.directory, { gatewayPath: gateway.path });
    // An orderly end would look like an empty answer of the target.
    const broken = await exchange(await listen(init), '').catch((error: unknown) => error);
    expect(broken).toMatchObject({ code: expect.stringMatching(RESET) });
  });

  test('passes on what came with the gateway’s answer, in however many pieces', async () => {
    const gateway = await FakeGateway.create();
    await gateway.listen((_head, socket) => {
      const bytes = `${OK}first words`;
      let sent = 0;
      const sendOne = () => (sent < bytes.length ? socket.write(bytes.charAt(sent++), sendOne) : socket.end());
      sendOne();
    });
    const init = await startInit(tools.directory, { gatewayPath: gateway.path });
    expect((await exchange(await listen(init), '')).toString()).toBe('first words');
  });

  test('lets one side finish while the other still speaks', async () => {
    const gateway = await FakeGateway.create();
    await gateway.listen((_head, socket) => {
      const hash = createHash('sha256');
      socket.write(OK);
      socket.on('data', (chunk: Buffer) => hash.update(chunk));
      socket.on('end', () => socket.end(hash.digest('hex')));
    });
    const init = await startInit(tools.directory, { gatewayPath: gateway.path });
    const bytes = randomBytes(5_000_001);
    const answer = await exchange(await listen(init), bytes);
    expect(answer.toString()).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('serves 512 connections at once, each its own bytes', async () => {
    const gateway = await FakeGateway.create();
    await gateway.listen(echo);
    const init = await startInit(tools.directory, { gatewayPath: gateway.path });
    const port = await listen(init);
    const sockets = await Promise.all(
      Array.from({ length: 512 }, async (_, index) => {
        const socket = connect(port, '127.0.0.1');
        socket.write(`${index}`);
        await once(socket, 'readable');
        return socket;
      }),
    );
    expect(gateway.heads).toHaveLength(512);
    const answers = await Promise.all(
      sockets.map((socket) => {
        socket.end('!'.repeat(10_000));
        return readAll(socket);
      }),
    );
    expect(answers.map((answer) => answer.toString())).toEqual(
      sockets.map((_, index) => `${index}${'!'.repeat(10_000)}`),
    );
  }, 30_000);

  test('waits for a gateway that is just starting', async () => {
    const gateway = await FakeGateway.create();
    const init = await startInit(tools.directory, { gatewayPath: gateway.path });
    const port = await listen(init);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.end('early');
    await gateway.listen(echo);
    expect((await readAll(socket)).toString()).toBe('early');
  });

  test('asks again when the gateway dies before it has answered, and outlives its restarts', async () => {
    const gateway = await FakeGateway.create();
    const asked = Promise.withResolvers<void>();
    await gateway.listen(() => asked.resolve());
    const init = await startInit(tools.directory, { gatewayPath: gateway.path });
    const port = await listen(init);
    const waiting = exchange(port, 'one');
    await asked.promise;
    await gateway.stop();
    await gateway.listen(echo);
    expect((await waiting).toString()).toBe('one');
    expect((await exchange(port, 'two')).toString()).toBe('two');
  });

  test('outlives an agent that kills everything it can', async () => {
    const gateway = await FakeGateway.create();
    await gateway.listen(echo);
    const init = await startInit(tools.directory, { gatewayPath: gateway.path });
    const port = await listen(init);
    init.runAgent('kill -9 -1; echo killed; while :; do sleep 1; done');
    await init.outputHas('o', 'killed');
    expect((await exchange(port, 'hello')).toString()).toBe('hello');
    expect(init.reports.some((report) => report.kind === 'Z')).toBe(false);
  });

  test.each([
    { fields: ['not-an-address', '80', 'a', '1'], reason: /not an IPv4 address/ },
    { fields: ['127.0.0.1', '65536', 'a', '1'], reason: /65536 is not a port/ },
    { fields: ['127.0.0.1', '0', 'a b\r\nX:', '1'], reason: /not a host name/ },
    { fields: ['192.0.2.1', '0', 'a', '1'], reason: /cannot listen/ },
  ])('that cannot be ($reason) says so, and the session goes on', async ({ fields, reason }) => {
    const init = await startInit(tools.directory);
    const [address = '', port, host = '', targetPort] = fields;
    init.send(order.forward({ address, port: Number(port) }, { host, port: Number(targetPort) }), order.quit());
    expect((await init.report('L'))[2]).toMatch(reason);
    expect(await init.exitCode).toBe(0);
  });

  test('that is ordered again stays one; on another port, or for another target, it is another', async () => {
    const init = await startInit(tools.directory);
    const port = await listen(init);
    const again = { address: '127.0.0.1', port };
    init.send(order.forward(again, TARGET), order.forward(again, TARGET), order.forward(again, null));
    init.send(order.forward({ ...again, port: 0 }, TARGET));
    const results = await eventually(
      () => init.reports.filter((report) => report.kind === 'L').map((report) => strings(report).slice(1)),
      (found) => found.length === 5,
    );
    expect(results.slice(0, 4)).toEqual([
      [String(port), 'ok'],
      [String(port), 'ok'],
      [String(port), 'ok'],
      [String(port), TAKEN],
    ]);
    expect(results[4]?.[1]).toBe('ok');
    expect(results[4]?.[0]).not.toBe(String(port));
    expect(await childrenOf(await init.pid())).toHaveLength(2);
  });

  test('on a port that is taken says so', async () => {
    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    try {
      const init = await startInit(tools.directory);
      const { port } = other.address() as AddressInfo;
      init.send(order.forward({ address: '127.0.0.1', port }, TARGET));
      expect(await init.report('L')).toEqual(['127.0.0.1', String(port), TAKEN]);
    } finally {
      other.close();
    }
  });
});
