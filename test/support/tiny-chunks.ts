import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { forgetPeak, peakMb } from './peak-memory.ts';

const CHUNKS = 120_000;
const BODY = Buffer.from(`${'1\r\nx\r\n'.repeat(CHUNKS)}0\r\n\r\n`);
const GIVE_UP_MS = 60_000;

/**
 * Sends a request whose body of 120,000 bytes comes in as many chunks, on each of `count` connections at once. The head is all of
 * it but `Transfer-Encoding` and the empty line. Resolves with what was answered on each, when all are closed or a minute is over.
 */
export function sendTinyChunks(dial: () => Socket | Promise<Socket>, head: string, count: number): Promise<string[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const socket = await dial();
      const answer: Buffer[] = [];
      const closed = new Promise((resolve) => socket.once('close', resolve));
      // A connection that is cut while it is written to ends with an error.
      socket.on('error', () => {}).on('data', (bytes: Buffer) => answer.push(bytes));
      const timer = setTimeout(() => socket.destroy(), GIVE_UP_MS);
      socket.write(`${head}\r\nTransfer-Encoding: chunked\r\n\r\n`);
      socket.write(BODY);
      await closed;
      clearTimeout(timer);
      return Buffer.concat(answer).toString('latin1');
    }),
  );
}

/** A connection to a server's URL. */
export async function dialUrl(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return socket;
}

const LOOK_EVERY_MS = 20;

/**
 * What a server's process bears while `attack` goes on: its peak of resident memory, and the longest that a call beside took. `call`
 * throws when it is not answered as it should.
 */
export async function watchBeside(
  pid: number,
  call: () => Promise<void>,
  attack: () => Promise<unknown>,
): Promise<{ peakMb: number; longestMs: number }> {
  forgetPeak(pid);
  let longestMs = 0;
  const over = new AbortController();
  const calling = async (): Promise<void> => {
    do {
      const began = performance.now();
      await call();
      longestMs = Math.max(longestMs, performance.now() - began);
      await sleep(LOOK_EVERY_MS);
    } while (!over.signal.aborted);
  };
  await Promise.all([attack().finally(() => over.abort()), calling()]);
  return { peakMb: await peakMb(pid), longestMs };
}
