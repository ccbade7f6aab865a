import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 20;

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

export interface HostWatch {
  /** Ends the watch. Throws when a call of it failed. */
  stop(): Promise<{
    /** Resident memory of the host's own process, without its git processes. */
    peakMb: number;
    /** The longest that minting or deleting a token took. */
    longestMs: number;
    rounds: number;
  }>;
}

/** Mints and deletes a token again and again beside whatever goes on, and looks at the memory of the host's process. */
export function watchHost(host: { url: string; pid: number; key: string; repoId: string }): HostWatch {
  let peakMb = 0;
  let longestMs = 0;
  let rounds = 0;
  const over = new AbortController();
  const timed = async (method: string, path: string, status: number, body = ''): Promise<string> => {
    const began = performance.now();
    const answer = await send(host, method, path, { body });
    longestMs = Math.max(longestMs, performance.now() - began);
    if (answer.status !== status) throw new Error(`a call beside it was answered ${answer.status}`);
    return answer.body;
  };
  const calling = (async () => {
    for (; !over.signal.aborted; rounds += 1) {
      const body = JSON.stringify({ name: 'beside', repo_ids: [host.repoId] });
      const { token } = JSON.parse(await timed('POST', '/repo_token', 201, body)) as { token: string };
      await timed('DELETE', `/repo_token/${token}`, 204);
      await sleep(EVERY_MS);
    }
  })();
  // It is looked at when the watch ends.
  calling.catch(() => {});
  const looking = (async () => {
    while (!over.signal.aborted) {
      peakMb = Math.max(peakMb, await residentMb(host.pid));
      await sleep(EVERY_MS);
    }
  })();
  return {
    async stop() {
      over.abort();
      await Promise.all([calling, looking]);
      return { peakMb: Math.max(peakMb, await residentMb(host.pid)), longestMs, rounds };
    },
  };
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}
