import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { dial } from '../../src/egress/dial.ts';
import { eventually } from '../support/eventually.ts';
import { untilOver } from '../support/until-over.ts';
import { realClientHello } from './support/client-hello.ts';
import { connectTo, gatewayRig, rawServer, serve, tunnelTo, type GatewayRig } from './support/rig.ts';

const PUBLIC = '93.184.216.34';
const PSK = Buffer.alloc(32, 5);

/** A gateway whose whole world is one server here, with a sandbox that may reach these. */
async function world(port: number, ...allow: string[]): Promise<{ rig: GatewayRig; path: string }> {
  const rig = await gatewayRig({ repoPort: 1, resolve: async () => [PUBLIC], dial: () => dial(['127.0.0.1'], port) });
  await rig.start();
  return { rig, path: await rig.sandbox('sbx_a', allow) };
}

/** A server that keeps everything that it was sent. */
async function recorder(): Promise<{ port: number; got: () => string; connections: Socket[] }> {
  const connections: Socket[] = [];
  let got = '';
  const port = await rawServer((socket) => {
    connections.push(socket);
    socket.on('data', (chunk: Buffer) => (got += chunk.toString('latin1')));
  });
  return { port, got: () => got, connections };
}

/** Resolves with what comes until the connection is over. */
async function restOf(client: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  client.on('data', (chunk: Buffer) => chunks.push(chunk));
  await untilOver(client);
  return Buffer.concat(chunks).toString('latin1');
}

const onlyDecision = async (rig: GatewayRig) => {
  const decisions = await eventually(
    () => rig.decisions('sbx_a'),
    (found) => found.length > 0,
  );
  expect(decisions).toHaveLength(1);
  return decisions[0];
};

describe('a tunnel by a rule without tcp://', () => {
  it('carries TLS that asks for the same name, both ways', async () => {
    const server = createTlsServer({ ciphers: 'PSK', pskCallback: () => PSK }, (socket) => void socket.pipe(socket));
    const { rig, path } = await world(await serve(server), 'api.example.com');
    const client = connectTls({
      socket: await tunnelTo(path, 'api.example.com:443'),
      servername: 'API.example.com',
      maxVersion: 'TLSv1.2',
      ciphers: 'PSK',
      checkServerIdentity: () => undefined,
      pskCallback: () => ({ psk: PSK, identity: 'test' }),
    });
    client.end('over TLS');
    expect(await textOf(client)).toBe('over TLS');
    expect(await onlyDecision(rig)).toMatchObject({ host: 'api.example.com', port: 443, verdict: 'allowed' });
  });

  it.each([
    ['another name', 'asks for evil.example.com instead', () => realClientHello({ servername: 'evil.example.com' })],
    ['no name', 'names no host', () => realClientHello({ host: '1.2.3.4' })],
    ['SSH', 'no HTTP request', async () => Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')],
    ['bytes of a database', 'neither TLS nor HTTP', async () => Buffer.from([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f])],
  ])('is cut before a byte goes out when it carries %s, with a reason', async (_what, why, bytes) => {
    const { port, got } = await recorder();
    const { rig, path } = await world(port, 'api.example.com');
    const client = await tunnelTo(path, 'api.example.com:443');
    client.write(await bytes());
    await restOf(client);
    const reason = expect.stringContaining(why) as unknown;
    expect(await onlyDecision(rig)).toMatchObject({ host: 'api.example.com', port: 443, verdict: 'refused', reason });
    expect(got()).toBe('');
  });

  it('is cut when its client says nothing for some seconds, as one does that waits for its server to begin', async () => {
    const { port, got } = await recorder();
    const { rig, path } = await world(port, 'smtp.example.com:25');
    await restOf(await tunnelTo(path, 'smtp.example.com:25'));
    expect((await onlyDecision(rig))?.reason).toContain('a rule tcp://smtp.example.com:25 would let any bytes through');
    expect(got()).toBe('');
  });

  it('is let go at both ends when its client hangs up before it has said what it is', async () => {
    const { port, connections } = await recorder();
    const { rig, path } = await world(port, 'api.example.com');
    const client = await tunnelTo(path, 'api.example.com:443');
    client.write((await realClientHello({ servername: 'api.example.com' })).subarray(0, 40));
    client.destroy();
    expect((await onlyDecision(rig))?.reason).toContain('ended before');
    await eventually(() => connections.every((socket) => socket.readableEnded || socket.destroyed), Boolean);
  });

  it('lets any bytes through by a rule tcp://, and a server that speaks first', async () => {
    const port = await rawServer((socket) => {
      socket.write('220 hello\r\n');
      void textOf(socket).then((said) => socket.end(`heard ${said}`));
    });
    const { rig, path } = await world(port, 'tcp://smtp.example.com:25', 'api.example.com');
    const client = await tunnelTo(path, 'smtp.example.com:25');
    client.end('\0anything');
    expect(await textOf(client)).toBe('220 hello\r\nheard \0anything');
    expect(await onlyDecision(rig)).toMatchObject({ host: 'smtp.example.com', port: 25, verdict: 'allowed' });
  });
});

describe('plain HTTP in a tunnel', () => {
  const answering = async (): Promise<{ port: number; asked: IncomingMessage[]; bodies: string[] }> => {
    const asked: IncomingMessage[] = [];
    const bodies: string[] = [];
    const port = await serve(
      createHttpServer((req, res) => {
        asked.push(req);
        void textOf(req).then((body) => (bodies.push(body), res.end(`hello ${req.url}`)));
      }),
    );
    return { port, asked, bodies };
  };

  it.each(['web.example.com', 'WEB.example.com:80'])('goes on as one request when its Host is %s', async (host) => {
    const { port, asked, bodies } = await answering();
    const { rig, path } = await world(port, 'web.example.com:80');
    const client = await tunnelTo(path, 'web.example.com:80');
    const head = `POST /a?b HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 4\r\nX-A: 1\r\n\r\n`;
    // In two pieces, so that the second one comes after the connection has changed hands.
    client.write(head.slice(0, 20));
    setTimeout(() => client.write(`${head.slice(20)}body`), 50);
    expect(await restOf(client)).toMatch(/^HTTP\/1\.1 200 [^]*hello \/a\?b/);
    expect(asked[0]?.headers).toMatchObject({ host: 'web.example.com', 'x-a': '1', connection: 'close' });
    expect(bodies).toEqual(['body']);
    expect(await onlyDecision(rig)).toMatchObject({ host: 'web.example.com', port: 80, verdict: 'allowed' });
  });

  it('ends with its first request, whatever is behind that', async () => {
    const { port, asked } = await answering();
    const { path } = await world(port, 'web.example.com:80');
    const client = await tunnelTo(path, 'web.example.com:80');
    const request = (host: string) => `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    client.write(request('web.example.com') + request('evil.example.com'));
    await restOf(client);
    expect(asked.map(({ headers }) => headers.host)).toEqual(['web.example.com']);
  });

  it.each([
    ['another Host', 'GET / HTTP/1.1\r\nHost: evil.example.com\r\n\r\n'],
    ['the Host of another port', 'GET / HTTP/1.1\r\nHost: web.example.com:8080\r\n\r\n'],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: web.example.com\r\nHost: evil.example.com\r\n\r\n'],
    ['no Host', 'GET / HTTP/1.1\r\nX: y\r\n\r\n'],
    ['no Host in HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n'],
    ['a user in its Host', 'GET / HTTP/1.1\r\nHost: web.example.com@evil.example.com\r\n\r\n'],
    ['the address of another host', 'GET http://evil.example.com/ HTTP/1.1\r\nHost: web.example.com\r\n\r\n'],
    ['a tunnel in the tunnel', 'CONNECT evil.example.com:80 HTTP/1.1\r\nHost: web.example.com\r\n\r\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an address of its own kind', 'OPTIONS * HTTP/1.1\r\nHost: web.example.com\r\n\r\n'],
  ])('is refused with %s, and nothing goes out', async (_what, request) => {
    const { port, got } = await recorder();
    const { rig, path } = await world(port, 'web.example.com:80');
    const client = await tunnelTo(path, 'web.example.com:80');
    client.write(request);
    expect(await restOf(client)).toMatch(/^HTTP\/1\.1 400 /);
    expect(await onlyDecision(rig)).toMatchObject({ verdict: 'refused' });
    expect(got()).toBe('');
  });

  it('lets go of the host when its client hangs up in the middle of the head', async () => {
    const { port, connections } = await recorder();
    const { path } = await world(port, 'web.example.com:80');
    const client = await tunnelTo(path, 'web.example.com:80');
    client.write('GET / HTTP/1.1\r\nHo');
    await eventually(
      () => connections.length,
      (count) => count === 1,
    );
    client.destroy();
    const over = () => connections.every((socket) => socket.readableEnded || socket.destroyed);
    expect(await eventually(over, Boolean)).toBe(true);
  });
});

it('does not look into what goes to the repo host', async () => {
  const port = await rawServer((socket) => void socket.pipe(socket));
  const rig = await gatewayRig({ repoPort: port });
  await rig.start();
  const client = await connectTo(await rig.sandbox('sbx_a'));
  client.end(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: x\r\n\r\n\0bytes`);
  expect(await textOf(client)).toMatch(/\0bytes$/);
});
