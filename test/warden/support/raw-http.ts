import { connect } from 'node:net';

const TIMEOUT_MS = 8_000;

/** Sends these bytes as they are and gives everything that comes back until the other side closes. */
export async function sendRaw(socketPath: string, bytes: string): Promise<string> {
  const socket = connect(socketPath);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
  socket.write(bytes);
  // Not `once`, which an error would end.
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks).toString();
}

/** The statuses of all answers in it, in order. */
export function statusesIn(answer: string): number[] {
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

/** One request as a client writes it, with a body if given. */
export function requestText(line: string, options: { headers?: string[]; body?: string } = {}): string {
  const { headers = [], body } = options;
  const length = body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  return [`${line} HTTP/1.1`, 'Host: docker', ...headers, ...length, '', body ?? ''].join('\r\n');
}
