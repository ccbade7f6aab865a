import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { order } from '../../src/runtime/orders.ts';
import { strings } from '../../src/runtime/reports.ts';
import { askTcp, askUdp, dnsQuery, NO_REPLY_MS, TYPE, wireName, withLength } from '../support/dns-client.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { RESET, untilOver } from '../support/until-over.ts';
import { FakeGateway, type Accept } from '../support/fake-gateway.ts';
import { childrenOf, shippedTools, startInit, type InitClient } from '../support/init-client.ts';

const OK = 'HTTP/1.1 200 Connection established\r\n\r\n';
const LISTEN = { address: '127.0.0.1', port: 0 };

let tools: Awaited<ReturnType<typeof shippedTools>>;
beforeAll(async () => {
  tools = await shippedTools();
}, 120_000);
afterAll(() => tools[Symbol.asyncDispose]());

const echo: Accept = (_head, socket) => {
  socket.write(OK);
  socket.pipe(socket);
};

interface Names {
  init: InitClient;
  gateway: FakeGateway;
  /** Where DNS is answered. */
  dnsPort: number;
  /** On which connections are taken. */
  port: number;
  resolve: (name: string) => Promise<string>;
  setPorts: (ports: number[]) => Promise<void>;
  serverPid: () => Promise<number>;
}

/** Init with names on one port that nobody else uses on this machine. */
async function startNames(accept: Accept = echo): Promise<Names> {
  const gateway = await FakeGateway.create();
  await gateway.listen(accept);
  const init = await startInit(tools.directory, { gatewayPath: gateway.path });
  const port = await freePort();
  init.send(order.names(LISTEN, [port]));
  const [, dnsPort, outcome] = await init.report('L');
  expect(outcome).toBe('ok');
  const names = { init, gateway, dnsPort: Number(dnsPort), port };
  return {
    ...names,
    async resolve(name) {
      const reply = await askUdp(names.dnsPort, dnsQuery(name));
      expect(reply?.code).toBe('NOERROR');
      return reply?.answer ?? '';
    },
    async setPorts(ports) {
      const before = listens(init).length;
      init.send(order.names(LISTEN, ports));
      await eventually(
        () => listens(init).length,
        (count) => count > before,
      );
    },
    serverPid: async () => (await childrenOf(await init.pid()))[0] ?? 0,
  };
}

const listens = (init: InitClient) => init.reports.filter(({ kind }) => kind === 'L').map(strings);

function dial(host: string, port: number): Socket {
  const socket = connect({ host, port, allowHalfOpen: true });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Everything the other side sends after these bytes and the end of ours. */
async function exchange(host: string, port: number, bytes: Buffer | string): Promise<string> {
  const socket = dial(host, port);
  socket.end(bytes);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

const failure = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    (value) => `no failure: ${JSON.stringify(value)}`,
    (error: unknown) => (error as { code: string }).code,
  );

async function ownServer(host: string, port: number): Promise<Server> {
  const server = createServer((socket) => socket.end('own'));
  onTestFinished(() => void server.close());
  server.listen(port, host);
  await Promise.race([
    once(server, 'listening'),
    once(server, 'error').then(([error]) => Promise.reject(error as Error)),
  ]);
  return server;
}

describe('a name', () => {
  test('has a loopback address of its own, and connections there go to it through the gateway', async () => {
    const { resolve, gateway, port } = await startNames();
    const [one, other] = [await resolve('api.example.com'), await resolve('other.example.com')];
    expect(one).toMatch(/^127\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./);
    expect(other).not.toBe(one);
    expect(await exchange(one, port, 'hello')).toBe('hello');
    expect(await exchange(other, port, 'there')).toBe('there');
    expect(gateway.heads.map((head) => head.split(' ')[1])).toEqual([
      `api.example.com:${port}`,
      `other.example.com:${port}`,
    ]);
  });

  test('has no other records, which is no error; its case comes back as it was asked', async () => {
    const { dnsPort } = await startNames();
    for (const type of [TYPE.AAAA, TYPE.HTTPS, TYPE.SVCB, TYPE.TXT, TYPE.SRV, TYPE.NS, TYPE.SOA, TYPE.ANY]) {
      const reply = await askUdp(dnsPort, dnsQuery('api.example.com', type));
      expect(reply).toMatchObject({ code: 'NOERROR', answer: '', id: 0x4711 });
    }
    const mixed = await askUdp(dnsPort, dnsQuery('aPi.ExAmPlE.cOm'));
    const plain = await askUdp(dnsPort, dnsQuery('api.example.com'));
    expect(mixed).toMatchObject({ question: 'aPi.ExAmPlE.cOm', answer: plain?.answer, ttlSeconds: 60 });
  });

  test('is asked for over TCP as well, one query right after the other and cut anywhere', async () => {
    const { dnsPort, resolve } = await startNames();
    const names = Array.from({ length: 100 }, (_, i) => `n${i}.example.com`);
    const replies = await askTcp(dnsPort, Buffer.concat(names.map((name) => withLength(dnsQuery(name)))), names.length);
    expect(replies.map(({ question }) => question)).toEqual(names);
    expect(new Set(replies.map(({ answer }) => answer)).size).toBe(names.length);
    expect(replies[7]?.answer).toBe(await resolve('n7.example.com'));
    const socket = dial('127.0.0.1', dnsPort);
    for (const byte of withLength(dnsQuery('n7.example.com'))) {
      socket.write(Buffer.from([byte]));
      await new Promise((next) => setImmediate(next));
    }
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect([...chunk.subarray(-4)].join('.')).toBe(replies[7]?.answer);
  });

  test.each([
    ['localhost', '127.0.0.1'],
    ['app.localhost', '127.0.0.1'],
    ['repos.example', '127.0.3.1'],
  ])('%s keeps its address %s', async (name, address) => {
    const { init, resolve } = await startNames();
    init.send(order.forward({ address: '127.0.3.1', port: 0 }, { host: 'Repos.example', port: 80 }));
    await eventually(
      () => listens(init).length,
      (count) => count === 2,
    );
    expect(
      await eventually(
        () => resolve(name),
        (found) => found === address,
      ),
    ).toBe(address);
  });

  test.each([
    '10.0.0.1',
    '1.2.3.0x4',
    '_dmarc.example.com',
    'a_b.example.com',
    '-a.example.com',
    'a b.example.com',
    'a\0.example.com',
    'bücher.example.com',
    'some.invalid',
  ])('%j is none, and has no address', async (name) => {
    const { dnsPort } = await startNames();
    expect(await askUdp(dnsPort, dnsQuery(name))).toMatchObject({ code: 'NXDOMAIN', answer: '' });
  });

  test('is found again by its address', async () => {
    const { dnsPort, resolve } = await startNames();
    const reverse = (address: string) => `${address.split('.').toReversed().join('.')}.in-addr.arpa`;
    const address = await resolve('api.example.com');
    expect(await askUdp(dnsPort, dnsQuery(reverse(address), TYPE.PTR))).toMatchObject({ answer: 'api.example.com' });
    expect(await askUdp(dnsPort, dnsQuery(reverse('127.0.0.1'), TYPE.PTR))).toMatchObject({ answer: 'localhost' });
    expect(await askUdp(dnsPort, dnsQuery(reverse('192.0.2.1'), TYPE.PTR))).toMatchObject({ code: 'NXDOMAIN' });
  });

  test('of the longest kind is carried, a longer one is malformed', async () => {
    const { dnsPort, resolve, gateway, port } = await startNames();
    const longest = `${`${'a'.repeat(63)}.`.repeat(3)}${'a'.repeat(61)}`;
    expect(await exchange(await resolve(longest), port, '!')).toBe('!');
    expect(gateway.heads[0]).toContain(`CONNECT ${longest}:${port} `);
    expect(await askUdp(dnsPort, dnsQuery(`${longest}a`))).toMatchObject({ code: 'FORMERR' });
  });
});

describe('a connection to a name', () => {
  test('is half-closed like any other', async () => {
    const { resolve, port } = await startNames((_head, socket) => {
      let got = 0;
      socket.write(OK);
      socket.on('data', (chunk: Buffer) => (got += chunk.length));
      socket.on('end', () => socket.end(`${got} bytes`));
    });
    expect(await exchange(await resolve('api.example.com'), port, randomBytes(1_000_001))).toBe('1000001 bytes');
  });

  test('that the gateway refuses is reset', async () => {
    const { resolve, port } = await startNames((_head, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\nno'));
    const address = await resolve('evil.example.com');
    expect(await failure(exchange(address, port, 'hello'))).toMatch(RESET);
  });

  test('on a port that the session may not use is refused, until it may; what is open stays open', async () => {
    const { resolve, setPorts, gateway, port } = await startNames();
    const [address, more] = [await resolve('api.example.com'), await freePort()];
    expect(await failure(exchange(address, more, ''))).toBe('ECONNREFUSED');
    const open = dial(address, port);
    open.write('1');
    await once(open, 'data');
    await setPorts([more]);
    expect(
      await eventually(
        () => exchange(address, more, 'new').catch(() => ''),
        (text) => text === 'new',
      ),
    ).toBe('new');
    expect(gateway.heads.at(-1)).toContain(`CONNECT api.example.com:${more} `);
    expect(await failure(exchange(address, port, ''))).toBe('ECONNREFUSED');
    open.write('2');
    expect(String((await once(open, 'data'))[0])).toBe('2');
  });

  test('leaves its port to a server of the agent, on one address or on all', async () => {
    const { resolve, port } = await startNames();
    await ownServer('0.0.0.0', port);
    // The agent had the port first: names resolve, and what the agent listens on is the agent's.
    const address = await resolve('api.example.com');
    expect(await exchange(address, port, '')).toBe('own');
    const other = await startNames();
    const taken = await other.resolve('api.example.com');
    await ownServer('127.0.0.1', other.port);
    expect(await exchange('127.0.0.1', other.port, '')).toBe('own');
    expect(await exchange(taken, other.port, 'far')).toBe('far');
    expect(await failure(ownServer('0.0.0.0', other.port))).toBe('EADDRINUSE');
  });
});

describe('the name server', () => {
  test('is started again when the agent kills it, and names keep their addresses', async () => {
    const { init, resolve, serverPid, port } = await startNames();
    const address = await resolve('api.example.com');
    const first = await serverPid();
    init.runAgent('sleep 0.1; kill -9 -1; echo killed; while :; do sleep 1; done');
    await init.outputHas('o', 'killed');
    await eventually(serverPid, (pid) => pid !== 0 && pid !== first);
    expect(await resolve('api.example.com')).toBe(address);
    expect(await exchange(address, port, 'hello')).toBe('hello');
  });

  test('that the agent has stopped is told of new ports when it goes on', async () => {
    const { init, resolve, setPorts, serverPid } = await startNames();
    const address = await resolve('api.example.com');
    const pid = await serverPid();
    process.kill(pid, 'SIGSTOP');
    const last = await freePort();
    init.send(...Array.from({ length: 200 }, (_, i) => order.names(LISTEN, [40_000 + i])));
    await setPorts([last]);
    await eventually(
      () => listens(init).length,
      (count) => count === 202,
    );
    process.kill(pid, 'SIGCONT');
    expect(
      await eventually(
        () => exchange(address, last, 'new').catch(() => ''),
        (text) => text === 'new',
      ),
    ).toBe('new');
  }, 30_000);

  test('knows a bounded number of names, and forgets the one that was not asked for the longest', async () => {
    const { init, dnsPort, resolve, setPorts, serverPid, port } = await startNames();
    const many = Array.from({ length: 65 }, (_, i) => 30_000 + i);
    await setPorts([port, ...many]);
    const held = await resolve('held.example.com');
    const open = dial(held, port);
    open.write('1');
    await once(open, 'data');
    const old = await resolve('old.example.com');
    const queries = Array.from({ length: 2_000 }, (_, i) => withLength(dnsQuery(`n${i}.example.com`)));
    const replies = await askTcp(dnsPort, Buffer.concat(queries), queries.length);
    expect(new Set(replies.map(({ code }) => code))).toEqual(new Set(['NOERROR']));
    const descriptors = await readdir(`/proc/${await serverPid()}/fd`);
    expect(descriptors.length).toBeLessThan(4_200);
    expect(await failure(exchange(old, port, ''))).toBe('ECONNREFUSED');
    expect(await exchange(replies.at(-1)?.answer ?? '', port, 'new')).toBe('new');
    expect(await exchange(held, port, 'again')).toBe('again');
    open.write('2');
    expect(String((await once(open, 'data'))[0])).toBe('2');
    expect(init.stderr).toBe('');
  }, 30_000);

  const header = (fields: number[]) => Buffer.from([0, 1, 1, 0, ...fields]);
  const question = Buffer.concat([wireName('a.example'), Buffer.from([0, TYPE.A, 0, 1])]);
  test.each([
    { what: 'no question', bytes: header([0, 0, 0, 0, 0, 0, 0, 0]), code: 'FORMERR' },
    {
      what: 'two questions',
      bytes: Buffer.concat([header([0, 2, 0, 0, 0, 0, 0, 0]), question, question]),
      code: 'FORMERR',
    },
    { what: 'an answer', bytes: Buffer.concat([header([0, 1, 0, 1, 0, 0, 0, 0]), question]), code: 'FORMERR' },
    { what: 'a cut question', bytes: dnsQuery('a.example').subarray(0, -1), code: 'FORMERR' },
    { what: 'more than it says', bytes: Buffer.concat([dnsQuery('a.example'), Buffer.from([0])]), code: 'FORMERR' },
    {
      what: 'a name that points to itself',
      bytes: Buffer.concat([header([0, 1, 0, 0, 0, 0, 0, 0]), Buffer.from([0xc0, 12, 0, 1, 0, 1])]),
      code: 'FORMERR',
    },
    {
      what: 'a label beyond its end',
      bytes: Buffer.concat([header([0, 1, 0, 0, 0, 0, 0, 0]), Buffer.from([63, 65])]),
      code: 'FORMERR',
    },
    { what: 'EDNS twice', bytes: twice(), code: 'FORMERR' },
    { what: 'EDNS of another version', bytes: dnsQuery('a.example', TYPE.A, { edns: 1 }), code: 'NOERROR' },
    {
      what: 'another class',
      bytes: Buffer.concat([dnsQuery('a.example').subarray(0, -1), Buffer.from([3])]),
      code: 'REFUSED',
    },
    { what: 'an update', bytes: patched(2, 0x28), code: 'NOTIMP' },
    { what: 'more than it reads', bytes: Buffer.alloc(9_000, 1), code: 'FORMERR' },
  ])('answers a query with $what by $code and no address', async ({ bytes, code }) => {
    const { dnsPort, resolve } = await startNames();
    expect(await askUdp(dnsPort, bytes)).toMatchObject({ code, answer: '' });
    expect(await resolve('a.example')).not.toBe('');
  });

  test('says that it knows no other version of EDNS, and speaks the one it knows', async () => {
    const { dnsPort } = await startNames();
    const [known, unknown] = [
      await askUdp(dnsPort, dnsQuery('a.example', TYPE.A, { edns: 0 })),
      await askUdp(dnsPort, dnsQuery('a.example', TYPE.A, { edns: 1 })),
    ];
    expect(known?.bytes.subarray(-11).toString('hex')).toBe('00002904d0000000000000');
    expect(unknown?.bytes.subarray(-11).toString('hex')).toBe('00002904d0010000000000');
  });

  test('gives no reply to replies and to less than a header, and outlives any garbage', async () => {
    const { dnsPort, resolve, serverPid } = await startNames();
    const pid = await serverPid();
    const quick = { patienceMs: NO_REPLY_MS };
    expect(
      await Promise.all([askUdp(dnsPort, patched(2, 0x80), quick), askUdp(dnsPort, Buffer.alloc(11), quick)]),
    ).toEqual([null, null]);
    const garbage = Array.from({ length: 300 }, () => randomBytes(1 + Math.floor(Math.random() * 600)));
    await Promise.all(garbage.map((bytes) => askUdp(dnsPort, bytes, quick)));
    expect(await resolve('a.example')).toMatch(/^127\./);
    expect(await serverPid()).toBe(pid);
  });

  test('is not kept busy by clients over TCP that ask nothing, or too much, or never read', async () => {
    const { dnsPort, resolve } = await startNames();
    for (let i = 0; i < 40; i++) dial('127.0.0.1', dnsPort).write(Buffer.from([0]));
    const tooLong = dial('127.0.0.1', dnsPort);
    tooLong.write(Buffer.from([0xff, 0xff]));
    tooLong.resume();
    await untilOver(tooLong);
    const deaf = dial('127.0.0.1', dnsPort);
    deaf.pause();
    const queries = Buffer.concat(Array.from({ length: 1_000 }, () => withLength(dnsQuery('a.example'))));
    for (let i = 0; i < 100 && !deaf.destroyed; i++) deaf.write(queries);
    expect(await askTcp(dnsPort, withLength(dnsQuery('a.example')), 1)).toMatchObject([{ code: 'NOERROR' }]);
    expect(await resolve('a.example')).toMatch(/^127\./);
  });

  test.each([
    { fields: ['nowhere', '0', '80'], reason: /^nowhere is not an IPv4 address$/ },
    { fields: ['127.0.0.1', '0', '0'], reason: /^0 is not a port$/ },
    { fields: ['127.0.0.1', '0', '99999'], reason: /^99999 is not a port$/ },
    { fields: ['192.0.2.1', '0'], reason: /^cannot listen: (Address not available|Cannot assign requested address)$/ },
  ])('that cannot be ($reason) says so, and the session goes on', async ({ fields, reason }) => {
    const init = await startInit(tools.directory);
    const [address = '', port, ...ports] = fields;
    init.send(order.names({ address, port: Number(port) }, ports.map(Number)), order.quit());
    expect((await init.report('L'))[2]).toMatch(reason);
    expect(await init.exitCode).toBe(0);
  });

  test('takes 66 ports and no more', async () => {
    const init = await startInit(tools.directory);
    const ports = Array.from({ length: 67 }, (_, i) => 50_000 + i);
    init.send(order.names(LISTEN, ports), order.names(LISTEN, ports.slice(1)), order.quit());
    await init.exitCode;
    expect(listens(init).map(([, , outcome]) => outcome)).toEqual(['more than 66 ports', 'ok']);
  });

  function patched(at: number, value: number): Buffer {
    const bytes = dnsQuery('a.example');
    bytes[at] = value;
    return bytes;
  }

  function twice(): Buffer {
    const one = dnsQuery('a.example', TYPE.A, { edns: 0 });
    one[11] = 2;
    return Buffer.concat([one, one.subarray(-11)]);
  }
});
