import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import { forgetPeak, peakMb } from '../../support/peak-memory.ts';

interface Answer {
  status: number;
  body: string;
}

/** One request on a connection of its own, as a kept one may be closed while the client is busy. */
export async function send(
  host: { url: string; key: string },
  method: string,
  path: string,
  options: { body?: string | Buffer; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { body = '', headers = {} } = options;
  const all = { authorization: `Bearer ${host.key}`, 'content-length': Buffer.byteLength(body), ...headers };
  const req = request(`${host.url}${path}`, { method, agent: false, headers: all });
  const answered = once(req, 'response') as Promise<[IncomingMessage]>;
  req.end(body);
  const [res] = await answered;
  return { status: res.statusCode ?? 0, body: await text(res) };
}

export interface WatchedHost {
  url: string;
  pid: number;
  key: string;
  repoId: string;
}

/** What was seen of a host. */
export interface Seen {
  /** Resident memory of the host's own process, without its git processes. */
  peakMb: number;
  /** The longest that minting or deleting a token took. */
  longestMs: number;
  rounds: number;
}

export interface HostWatch {
  /** Ends the watch. Throws when a call of it failed. */
  stop(): Promise<Seen>;
}

/**
 * Mints and deletes a token again and again beside whatever goes on, and looks at the memory of the host's process. In a thread of
 * its own, as a test that sends gigabytes would otherwise measure itself.
 */
export function watchHost(host: WatchedHost): HostWatch {
  forgetPeak(host.pid);
  const worker = new Worker(new URL('watch-host-thread.ts', import.meta.url), { workerData: host });
  const failed = once(worker, 'error').then(([error]) => Promise.reject(error as Error));
  failed.catch(() => {});
  return {
    async stop() {
      // eslint-disable-next-line unicorn/require-post-message-target-origin -- that is of windows, and this is a thread
      worker.postMessage('stop');
      const [seen] = (await Promise.race([once(worker, 'message'), failed])) as [Omit<Seen, 'peakMb'>];
      await worker.terminate();
      return { ...seen, peakMb: await peakMb(host.pid) };
    },
  };
}
