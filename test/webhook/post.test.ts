import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { postWebhook } from '../../src/webhook/post.ts';
import { addressesFor, type Names } from '../../src/webhook/resolve.ts';
import { signWebhook } from '../../src/webhook/signature.ts';
import { Secret } from '../../src/token/secret.ts';
import { startReceiver, WEBHOOK_SECRET, type WebhookReceiver } from '../support/webhook-receiver.ts';

const NAME = 'hooks.test.example';
const body = JSON.stringify({
  type: 'session.ended',
  timestamp: '2026-01-01T00:00:00.000Z',
  data: { text: 'ünï\u2028code' },
});
let receiver: WebhookReceiver;

beforeAll(async () => {
  receiver = await startReceiver([NAME]);
});
afterAll(async () => receiver?.[Symbol.asyncDispose]());
beforeEach(() => {
  receiver.received.length = 0;
  receiver.answer = (_received, res) => void res.writeHead(204).end();
});

const post = (over: Partial<Parameters<typeof postWebhook>[0]> = {}) =>
  postWebhook({
    url: new URL(`https://${NAME}:${receiver.port}/hook?key=obviously-fake`),
    addresses: ['127.0.0.1'],
    headers: signWebhook(new Secret(WEBHOOK_SECRET), { id: 'msg_1', body, now: new Date() }),
    body,
    ca: [receiver.certificate],
    timeoutMs: 2_000,
    ...over,
  });

describe('one try', () => {
  test('goes to the address that was checked, with the name in TLS, and its signature is taken by the library', async () => {
    expect(await post()).toEqual({ status: 204, error: null });
    const [received] = receiver.received;
    expect(received?.body).toEqual(JSON.parse(body));
    expect(received).toMatchObject({ id: 'msg_1', path: '/hook?key=obviously-fake' });
    expect(received?.headers).toMatchObject({ host: `${NAME}:${receiver.port}`, 'content-type': 'application/json' });
  });

  test('fails where the certificate is for another name, or of nobody that is trusted', async () => {
    const other = new URL(`https://other.test.example:${receiver.port}/`);
    expect(await post({ url: other })).toEqual({ status: null, error: 'TLS failed (ERR_TLS_CERT_ALTNAME_INVALID)' });
    expect(await post({ ca: undefined })).toEqual({ status: null, error: 'TLS failed (DEPTH_ZERO_SELF_SIGNED_CERT)' });
    expect(receiver.received).toEqual([]);
  });

  test.each([
    ['60', 60_000],
    [() => new Date(Date.now() + 90_000).toUTCString(), 90_000],
    ['soon', undefined],
  ])('tells when the receiver wants to be asked again: %s', async (retryAfter, ms) => {
    const value = typeof retryAfter === 'string' ? retryAfter : retryAfter();
    receiver.answer = (_received, res) => void res.writeHead(429, { 'retry-after': value }).end();
    const { retryAfterMs, ...rest } = await post();
    expect(rest).toEqual({ status: 429, error: 'the receiver answered 429' });
    expect(retryAfterMs === undefined ? undefined : Math.round(retryAfterMs / 10_000) * 10_000).toBe(ms);
  });

  test('takes the answer that follows an interim one', async () => {
    receiver.answer = (_received, res) => {
      res.writeEarlyHints({ link: '</style.css>; rel=preload' });
      res.writeHead(204).end();
    };
    expect(await post()).toEqual({ status: 204, error: null });
  });

  test('follows no redirect', async () => {
    receiver.answer = (_received, res) => void res.writeHead(307, { location: '/elsewhere' }).end();
    expect(await post()).toEqual({ status: 307, error: 'the receiver answered 307' });
    expect(receiver.received.map(({ path }) => path)).toEqual(['/hook?key=obviously-fake']);
  });

  test('reads nothing of an endless answer', async () => {
    let written = 0;
    receiver.answer = (_received, res) => {
      res.writeHead(200);
      const timer = setInterval(() => {
        written += 65_536;
        res.write(Buffer.alloc(65_536));
      }, 1);
      res.on('close', () => clearInterval(timer));
    };
    expect(await post()).toEqual({ status: 200, error: null });
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  test('is over after its time where nobody answers, and at once where nobody listens', async () => {
    receiver.answer = () => undefined;
    expect(await post({ timeoutMs: 200 })).toEqual({ status: null, error: 'no answer within 0.2 s' });
    const closed = createTcpServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    const url = new URL(`https://${NAME}:${port}/`);
    expect(await post({ url })).toEqual({ status: null, error: 'no connection (ECONNREFUSED)' });
  });

  test('fails with a word for it where something else than HTTP answers, without its words', async () => {
    const server = createTcpServer((socket) => socket.end('SSH-2.0-private-banner\r\n')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const plain = await post({ url: new URL(`http://${NAME}:${port}/`) });
    const tls = await post({ url: new URL(`https://${NAME}:${port}/`) });
    server.close();
    expect(plain.error).toBe('the answer was not HTTP');
    expect(tls.error).toMatch(/^(TLS failed|no connection) \([A-Z_]+\)$/);
  });
});

describe('which addresses a try may dial', () => {
  const rules = { ports: [443], privateHosts: ['localhost:8080'] };
  const names = (answers: Record<string, string[]>): Names => ({
    public: async (host) => answers[host] ?? [],
    private: async (host) => answers[`private ${host}`] ?? [],
  });
  const look = (url: string, answers: Record<string, string[]>) => addressesFor(new URL(url), rules, names(answers));

  test('are those of a public name', async () => {
    const addresses = ['93.184.216.34', '2606:2800:21f:cb07:6820:80da:af6b:8b2c'];
    expect(await look('https://example.com/', { 'example.com': addresses })).toEqual({ addresses });
  });

  test.each([
    ['loopback', '127.0.0.1'],
    ['loopback in IPv6', '::1'],
    ['loopback in an IPv6 that carries it', '::ffff:127.0.0.1'],
    ['private', '10.0.0.1'],
    ['the metadata service', '169.254.169.254'],
    ['Azure’s wire server', '168.63.129.16'],
    ['link-local', 'fe80::1'],
    ['unique local', 'fd00::1'],
    ['NAT64 of a private one', '64:ff9b::a00:1'],
    ['shared', '100.64.0.1'],
    ['this network', '0.0.0.0'],
  ])('are none where the name leads to %s, also among public ones', async (_what, address) => {
    const refused = { refused: 'the host leads to an address that is not public' };
    expect(await look('https://evil.example/', { 'evil.example': [address] })).toEqual(refused);
    expect(await look('https://evil.example/', { 'evil.example': ['93.184.216.34', address] })).toEqual(refused);
  });

  test('change with what the name says: each try asks, so one that was public before is refused', async () => {
    const answers: Record<string, string[]> = { 'rebind.example': ['93.184.216.34'] };
    expect(await look('https://rebind.example/', answers)).toEqual({ addresses: ['93.184.216.34'] });
    answers['rebind.example'] = ['127.0.0.1'];
    expect(await look('https://rebind.example/', answers)).toHaveProperty('refused');
  });

  test('may be private for a receiver of the operator’s, at its port alone', async () => {
    const answers = { 'private localhost': ['127.0.0.1'], localhost: ['127.0.0.1'] };
    expect(await look('http://localhost:8080/', answers)).toEqual({ addresses: ['127.0.0.1'] });
    expect(await look('https://localhost/', answers)).toHaveProperty('refused');
  });

  test('are none where the name has none or cannot be looked up', async () => {
    expect(await look('https://nowhere.example/', {})).toEqual({ refused: 'the host has no address' });
    const failing: Names = { public: () => Promise.reject(new Error('SERVFAIL')), private: async () => [] };
    expect(await addressesFor(new URL('https://example.com/'), rules, failing)).toEqual({
      refused: 'the host has no address',
    });
  });
});
