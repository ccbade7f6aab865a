import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { dial } from '../../src/egress/dial.ts';
import { exchange, gatewayRig, rawServer } from './support/rig.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A host that keeps what it was sent and answers the first request, and a sandbox that may reach it as web.example.com. */
async function host(answer = OK): Promise<{ path: string; got: () => string; decisions: () => Promise<unknown[]> }> {
  let got = '';
  const port = await rawServer((socket: Socket) => {
    socket.on('data', (chunk: Buffer) => {
      got += chunk.toString('latin1');
      if (got.includes('\r\n\r\n')) setTimeout(() => socket.end(Buffer.from(answer, 'latin1')), 50);
    });
  });
  const rig = await gatewayRig({
    repoPort: 1,
    resolve: async () => ['93.184.216.34'],
    dial: () => dial(['127.0.0.1'], port),
  });
  await rig.start();
  const path = await rig.sandbox('sbx_a', ['web.example.com:80']);
  return { path, got: () => got, decisions: () => rig.decisions('sbx_a') };
}

const inTunnel = (request: string): string => `CONNECT web.example.com:80 HTTP/1.1\r\nHost: x\r\n\r\n${request}`;

/** Both ways in: an absolute URL to the proxy, and a request in a tunnel. */
const WAYS: [string, (rest: string) => string][] = [
  ['to the proxy', (rest) => `POST http://web.example.com/ HTTP/1.1\r\nHost: web.example.com\r\n${rest}`],
  ['in a tunnel', (rest) => inTunnel(`POST / HTTP/1.1\r\nHost: web.example.com\r\n${rest}`)],
];

describe.each(WAYS)('a request %s', (_way, request) => {
  it.each([
    [
      'Content-Length beside Transfer-Encoding',
      'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /',
    ],
    [
      'Transfer-Encoding beside Content-Length',
      'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\nGET /',
    ],
    ['two lengths', 'Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody!'],
    ['the same length twice', 'Content-Length: 4\r\nContent-Length: 4\r\n\r\nbody'],
    ['a list of lengths', 'Content-Length: 4, 4\r\n\r\nbody'],
    ['a length with a sign', 'Content-Length: +4\r\n\r\nbody'],
    ['a length in hex', 'Content-Length: 0x4\r\n\r\nbody'],
    ['a coding that hides chunked', 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['a coding beside chunked', 'Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    ['two codings', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n'],
    ['chunked twice', 'Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n'],
    ['a space before the colon', 'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n'],
    ['a bare line feed', 'X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['bare line feeds at the end', 'X: y\n\nGET /evil HTTP/1.1\r\n\r\n'],
    ['a carriage return in a value', 'X: y\rHost: evil.example.com\r\n\r\n'],
    ['a NUL in a value', 'X: y\0z\r\n\r\n'],
    ['an expectation that nobody knows', 'Expect: 200-maybe\r\n\r\n'],
  ])('with %s reaches nobody', async (_what, rest) => {
    const { path, got } = await host();
    const answer = await exchange(path, request(rest));
    expect(answer.replace(/^HTTP\/1\.1 200 Connection Established\r\n\r\n/, '')).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
    expect(got()).toBe('');
  });

  it('with a folded header reaches nobody, or arrives unfolded', async () => {
    const { path, got } = await host();
    await exchange(path, request('X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\nbody'));
    expect(got()).not.toMatch(/^ /m);
    expect(got()).not.toMatch(/^transfer-encoding/im);
  });

  it('with broken chunks is cut, and what is behind them is no request', async () => {
    const { path, got } = await host();
    await exchange(path, request('Transfer-Encoding: chunked\r\n\r\n4\r\nbodyGET /evil HTTP/1.1\r\n\r\n'));
    expect(got()).not.toContain('/evil');
  });

  it('passes on its body in one framing, without its trailers, its wish to upgrade and its expectation', async () => {
    const { path, got } = await host();
    const rest =
      'Transfer-Encoding: Chunked\r\nTrailer: X-T\r\nTE: trailers\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n' +
      'HTTP2-Settings: AAA\r\nExpect: 100-continue\r\n\r\n4;ext=1\r\nbody\r\n0\r\nX-T: Host: evil\r\n\r\n';
    expect(await exchange(path, request(rest))).toMatch(/HTTP\/1\.1 100 Continue[^]*HTTP\/1\.1 200 OK[^]*ok$/);
    expect(got().toLowerCase()).toBe(
      'post / http/1.1\r\ntransfer-encoding: chunked\r\nhost: web.example.com\r\nconnection: close\r\n\r\n4\r\nbody\r\n0\r\n\r\n',
    );
  });

  it('takes no header away that the message needs by naming it in Connection', async () => {
    const { path, got } = await host();
    await exchange(path, request('Connection: close, Host, Content-Length\r\nContent-Length: 4\r\n\r\nbody'));
    expect(got()).toMatch(/host: web\.example\.com/i);
    expect(got()).toMatch(
      /(content-length: 4\r\n[^]*\r\n\r\nbody|transfer-encoding: chunked\r\n[^]*\r\n4\r\nbody\r\n0)/i,
    );
  });
});

it('sends no body behind a head that does not announce it, though Connection names its length', async () => {
  const { path, got } = await host();
  const second = 'GET /evil HTTP/1.1\r\nHost: evil.example.com\r\n\r\n';
  const head = `Connection: Content-Length\r\nContent-Length: ${second.length}\r\n\r\n`;
  await exchange(path, inTunnel(`GET / HTTP/1.1\r\nHost: web.example.com\r\n${head}${second}`));
  expect(got()).toMatch(new RegExp(`^GET / [^]*content-length: ${second.length}\r\n[^]*\r\n\r\n`, 'i'));
});

it('asks for the host of the URL, whatever Host says', async () => {
  const { path, got } = await host();
  await exchange(
    path,
    'GET http://web.example.com/ HTTP/1.1\r\nHost: evil.example.com\r\nHost: worse.example.com\r\n\r\n',
  );
  expect(got()).toBe('GET / HTTP/1.1\r\nhost: web.example.com\r\nconnection: close\r\n\r\n');
});

it.each([
  [
    'a length beside chunks',
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nlonger\r\n0\r\n\r\n',
  ],
  ['a second answer behind it', `${OK}HTTP/1.1 200 OK\r\n\r\nextra`],
  ['a header that ends the head early', 'HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok'],
  ['no end of its head', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`],
])('outlives a host that answers with %s, and says at most one answer', async (_what, answer) => {
  const { path } = await host(answer);
  const request = 'GET http://web.example.com/ HTTP/1.1\r\nHost: x\r\n\r\n';
  const said = await exchange(path, request);
  expect(said.match(/HTTP\/1\.1 /g)?.length ?? 0).toBeLessThanOrEqual(1);
  expect(said).not.toContain('extra');
  expect(await exchange(path, request)).toMatch(/^(HTTP\/1\.1 |$)/);
});
