import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { send, type Seen, type WatchedHost } from './watch-host.ts';

/* The thread of `watchHost`: watches the host that it was given until it is told to stop. */

const EVERY_MS = 20;

async function watchUntilTold(host: WatchedHost, told: Promise<unknown>): Promise<Omit<Seen, 'peakMb'>> {
  const seen = { longestMs: 0, rounds: 0 };
  const over = new AbortController();
  void told.then(() => over.abort());
  const timed = async (method: string, path: string, status: number, body = ''): Promise<string> => {
    const began = performance.now();
    const answer = await send(host, method, path, { body });
    seen.longestMs = Math.max(seen.longestMs, performance.now() - began);
    if (answer.status !== status) throw new Error(`a call beside it was answered ${answer.status}`);
    return answer.body;
  };
  const calling = async () => {
    for (; !over.signal.aborted || seen.rounds === 0; seen.rounds += 1) {
      const body = JSON.stringify({ name: 'beside', repo_ids: [host.repoId] });
      const { token } = JSON.parse(await timed('POST', '/repo_token', 201, body)) as { token: string };
      await timed('DELETE', `/repo_token/${token}`, 204);
      await sleep(EVERY_MS);
    }
  };
  await calling();
  return seen;
}

if (parentPort !== null) {
  // eslint-disable-next-line unicorn/require-post-message-target-origin -- that is of windows, and this is a thread
  parentPort.postMessage(await watchUntilTold(workerData as WatchedHost, once(parentPort, 'message')));
}
