import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { BOUNDED_BODIES } from '../../src/http/bounded-bodies.ts';

const MIB = 1024 ** 2;

type Answer = (req: IncomingMessage, res: ServerResponse) => unknown;

async function listen(answer: Answer): Promise<number> {
  const server = createServer(BOUNDED_BODIES, (req, res) => void answer(req, res)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** A connection that keeps what it hears. */
async function dial(port: number): Promise<{ socket: Socket; said: () => string; closed: Promise<void> }> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  let answer = '';
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  socket.on('error', () => {}).on('data', (bytes: Buffer) => (answer += bytes.toString('latin1')));
  socket.once('close', () => resolve());
  await once(socket, 'connect');
  onTestFinished(() => void socket.destroy());
  return { socket, said: () => answer, closed };
}

const CHUNKED = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

const echo: Answer = (req, res) =>
  buffer(req).then(
    (body) => res.end(body),
    (error: Error) => res.writeHead(400).end(error.message),
  );

test('a body of some thousand small chunks arrives whole, and the connection takes the next request', async () => {
  const { socket, said } = await dial(await listen(echo));
  const texts = Array.from({ length: 4_000 }, (_, at) => String(at));
  for (let round = 1; round <= 2; round += 1) {
    socket.write(`${CHUNKED}${texts.map(chunk).join('')}${chunk('x'.repeat(5_000))}${chunk('y')}0\r\n\r\n`);
    const body = `${texts.join('')}${'x'.repeat(5_000)}y`;
    await expect.poll(() => said().split(body).length - 1).toBe(round);
  }
});

test('a body of small and large chunks comes whole and in order to a reader that begins late', async () => {
  const port = await listen(async (req, res) => {
    await sleep(300);
    res.end(await buffer(req));
  });
  const { socket, said } = await dial(port);
  const texts = Array.from({ length: 300 }, (_, at) => `${at},`.repeat(at % 3 === 0 ? 1_000 : 100));
  socket.write(`${CHUNKED}${texts.map(chunk).join('')}0\r\n\r\n`);
  await expect.poll(() => said().split('\r\n\r\n')[1]).toBe(texts.join(''));
});

test('a chunk that comes alone is read at once', async () => {
  const heard: string[] = [];
  const port = await listen((req, res) => {
    req.on('data', (piece: Buffer) => heard.push(piece.toString())).once('end', () => res.end());
  });
  const { socket, said } = await dial(port);
  socket.write(CHUNKED);
  for (const letter of 'abc') {
    socket.write(chunk(letter));
    await expect.poll(() => heard.join('')).toContain(letter);
  }
  socket.write('0\r\n\r\n');
  await expect.poll(said).toMatch(/^HTTP\/1\.1 200/);
});

test('many chunks of some hundred bytes are as good as large ones', async () => {
  const { socket, said } = await dial(await listen(async (req, res) => res.end(`${(await buffer(req)).length}`)));
  socket.write(`${CHUNKED}${chunk('x'.repeat(100)).repeat(50_000)}0\r\n\r\n`);
  await expect.poll(said).toContain('5000000');
});

test('the reader of a body in tiny chunks answers why, and then the connection ends', async () => {
  const { socket, said, closed } = await dial(await listen(echo));
  socket.write(`${CHUNKED}${chunk('x').repeat(120_000)}0\r\n\r\n`);
  await expect.poll(said).toMatch(/^HTTP\/1\.1 400[^]*connection: close[^]*send larger ones/i);
  socket.end();
  await closed;
});

test('a body in tiny chunks that is not read cuts the connection, and little of it was kept', async () => {
  let request: IncomingMessage | null = null;
  const port = await listen((req) => (request = req));
  const { socket, said, closed } = await dial(port);
  socket.write(`${CHUNKED}${chunk('x').repeat(120_000)}`);
  await closed;
  expect(said()).toBe('');
  expect(request).toMatchObject({ destroyed: true });
});

test('a large body that is not read waits outside', async () => {
  const asked = Promise.withResolvers<IncomingMessage>();
  const { socket } = await dial(await listen(asked.resolve));
  socket.write(`${CHUNKED}${chunk('x'.repeat(1_000)).repeat(20_000)}`);
  const request = await asked.promise;
  await sleep(500);
  expect(request.readableLength).toBeGreaterThan(0);
  expect(request.readableLength).toBeLessThan(MIB);
  expect(request.socket.bytesRead).toBeLessThan(MIB);
});

const refuse: Answer = (_req, res) => res.writeHead(401).end('no');

test('who is refused before all of a body came hears it, and may send an announced one to its end', async () => {
  const { socket, said, closed } = await dial(await listen(refuse));
  const length = 32 * MIB;
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
  for (let sent = 0; sent < length; sent += MIB) if (!socket.write(Buffer.alloc(MIB))) await once(socket, 'drain');
  socket.end();
  await closed;
  expect(said()).toMatch(/^HTTP\/1\.1 401[^]*connection: close/i);
});

test('who goes on and on after its answer is cut off', async () => {
  const { socket, said, closed } = await dial(await listen(refuse));
  socket.write(CHUNKED);
  const piece = Buffer.from(chunk('x'.repeat(64 * 1024)));
  const send = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', send);
  send();
  await closed;
  expect(said()).toMatch(/^HTTP\/1\.1 401[^]*connection: close/i);
  // What is dropped, and what the kernel holds on both sides.
  expect(socket.bytesWritten - socket.writableLength).toBeLessThan(32 * MIB);
});

test('a small body that is there by its answer keeps the connection', async () => {
  const port = await listen(async (req, res) => {
    await buffer(req);
    res.end('fine');
  });
  const { socket, said } = await dial(port);
  for (let round = 1; round <= 3; round += 1) {
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}`);
    await expect.poll(() => said().split('fine').length - 1).toBe(round);
  }
  expect(said()).not.toMatch(/connection: close/i);
});
