import { connect } from 'node:net';

/** However much else the machine has to do. */
const TIMEOUT_MS = 30_000;

/** Sends these bytes as they are and gives everything that comes back until the other side closes. Rejects when it does not. */
export async function sendRaw(socketPath: string, bytes: string): Promise<string> {
  const socket = connect(socketPath);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  let isLate = false;
  socket.setTimeout(TIMEOUT_MS, () => {
    isLate = true;
    socket.destroy();
  });
  socket.write(bytes);
  // Not `once`, which an error would end.
  await new Promise((resolve) => socket.once('close', resolve));
  if (isLate) throw new Error(`The connection was not closed within ${TIMEOUT_MS / 1_000} s of silence`);
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
