import { setInterval } from 'node:timers/promises';
import type { Host } from '../host.ts';
import { HostError } from '../http/host-error.ts';
import { Yielded } from '../live-uses.ts';
import type { RepoFacts } from '../repos/repo-store.ts';
import { keepUp } from './keep-up.ts';

const HOUR_MS = 3_600_000;

/** Since the process started. */
export interface MaintenanceCounts {
  merged: number;
  swept: number;
  /** Somebody used the repo; it is tried again later. */
  putOff: number;
  failed: number;
  /** ISO time; null: none has failed. The log says which repo and why. */
  lastFailureAt: string | null;
}

export interface Maintainer {
  counts(): Readonly<MaintenanceCounts>;
  /** Starts nothing new, and resolves when all is over that it has started. The end of the host's live uses ends that. */
  stop(): Promise<void>;
}

/**
 * Looks again and again at the repos that have changed, every hour at all of them, and does what they need, one at a time.
 * It goes by the repos' records, so nothing is forgotten when the process is killed.
 */
export function startMaintainer(host: Host, everyMs: number): Maintainer {
  const counts: MaintenanceCounts = { merged: 0, swept: 0, putOff: 0, failed: 0, lastFailureAt: null };
  const stopping = new AbortController();
  /** Repos whose last merge still waits for readers. */
  const untidy = new Map<string, Promise<void>>();
  let lookedAtMs = 0;
  let lookedAtAllMs = 0;

  const failed = (error: unknown, repoId: string | null): void => {
    if (error instanceof Yielded) counts.putOff += 1;
    // The repo was deleted, or the host is closing.
    else if (!(error instanceof HostError)) {
      counts.failed += 1;
      counts.lastFailureAt = new Date(host.now()).toISOString();
      host.log.error({ err: error, repoId }, 'maintenance of a repo failed; it is tried again within the hour');
    }
  };

  const attempt = async (repo: RepoFacts): Promise<void> => {
    const { repoId } = repo;
    try {
      const { done, tidied } = await keepUp(host, repo);
      if (done !== 'nothing') counts[done] += 1;
      const tidying = tidied.catch((error: unknown) => failed(error, repoId)).finally(() => untidy.delete(repoId));
      untidy.set(repoId, tidying);
    } catch (error) {
      // A repo that is gone is looked for in vain, and that is no failure.
      if (host.repos.find(repoId) !== null) failed(error, repoId);
    }
  };

  const pass = async (): Promise<void> => {
    const nowMs = host.now();
    const isAllDue = nowMs - lookedAtAllMs >= HOUR_MS;
    const changed = host.repos.changedSince(isAllDue ? 0 : lookedAtMs);
    lookedAtMs = nowMs;
    if (isAllDue) lookedAtAllMs = nowMs;
    for (const repoId of changed) {
      const repo = host.repos.find(repoId);
      if (stopping.signal.aborted) return;
      if (repo !== null && !untidy.has(repoId)) await attempt(repo);
    }
  };

  const looping = (async () => {
    try {
      for await (const _ of setInterval(everyMs, undefined, { signal: stopping.signal, ref: false })) {
        await pass().catch((error: unknown) => failed(error, null));
      }
    } catch (error) {
      if (!stopping.signal.aborted) throw error;
    }
  })();

  return {
    counts: () => counts,
    async stop() {
      stopping.abort();
      await looping;
      await Promise.all(untidy.values());
    },
  };
}
