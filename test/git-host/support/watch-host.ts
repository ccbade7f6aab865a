import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 20;

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
  const timed = async (work: () => Promise<Response>, status: number): Promise<Response> => {
    const began = performance.now();
    const answer = await work();
    longestMs = Math.max(longestMs, performance.now() - began);
    if (answer.status !== status) throw new Error(`a call beside it was answered ${answer.status}`);
    return answer;
  };
  const headers = { authorization: `Bearer ${host.key}` };
  const calling = (async () => {
    for (; !over.signal.aborted; rounds += 1) {
      const body = JSON.stringify({ name: 'beside', repo_ids: [host.repoId] });
      const minted = await timed(() => fetch(`${host.url}/repo_token`, { method: 'POST', headers, body }), 201);
      const { token } = (await minted.json()) as { token: string };
      await timed(() => fetch(`${host.url}/repo_token/${token}`, { method: 'DELETE', headers }), 204);
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
