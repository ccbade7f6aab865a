import { HostError } from './http/host-error.ts';

/** Longest wait that a timer can hold; a token that lives longer is looked at again then. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** One request under way on a repo. */
interface Use {
  /** Aborted when the request must end now; the reason is the `HostError` to answer with. */
  readonly signal: AbortSignal;
  /** Resolves when what had to yield to this use has stopped: work begins only then. */
  readonly ready: Promise<void>;
  /** Resolves when all other uses of the repo that are under way now have ended. */
  othersEnded(): Promise<void>;
  /** To be called when nothing of the request runs any more. */
  end(): void;
}

interface Entry {
  tokenHash: string | null;
  repoId: string | null;
  yields: boolean;
  controller: AbortController;
  ended: PromiseWithResolvers<void>;
}

/**
 * The requests under way, so that a token's end is the end of everything it is used for at that moment. The calls that end
 * uses return when the last of them has stopped running, git processes included.
 */
export interface LiveUses {
  /** A use that `yields` is ended by the next one of the same repo. */
  begin(use: { tokenHash: string | null; repoId: string | null; expiresAtMs: number | null; yields?: true }): Use;
  /** Whether nothing is under way on the repo. */
  isQuiet(repoId: string): boolean;
  endToken(tokenHash: string): Promise<void>;
  endRepo(repoId: string): Promise<void>;
  endAll(): Promise<void>;
}

export function createLiveUses(deps: { now: () => number }): LiveUses {
  const entries = new Set<Entry>();

  const endWhere = async (matches: (entry: Entry) => boolean, reason: HostError): Promise<void> => {
    const ending = [...entries].filter(matches);
    for (const entry of ending) entry.controller.abort(reason);
    await Promise.all(ending.map((entry) => entry.ended.promise));
  };

  return {
    begin({ tokenHash, repoId, expiresAtMs, yields }) {
      const sameRepo = (): Entry[] => (repoId === null ? [] : [...entries].filter((other) => other.repoId === repoId));
      const yielding = sameRepo().filter((other) => other.yields);
      for (const other of yielding) other.controller.abort(new Yielded());
      const entry: Entry = {
        tokenHash,
        repoId,
        yields: yields ?? false,
        controller: new AbortController(),
        ended: Promise.withResolvers(),
      };
      entries.add(entry);
      const stopTimer =
        expiresAtMs === null ? () => {} : atTime(deps.now, expiresAtMs, () => entry.controller.abort(expired()));
      return {
        signal: entry.controller.signal,
        ready: allEnded(yielding),
        othersEnded: () => allEnded(sameRepo().filter((other) => other !== entry)),
        end() {
          stopTimer();
          entries.delete(entry);
          entry.ended.resolve();
        },
      };
    },
    isQuiet: (repoId) => ![...entries].some((entry) => entry.repoId === repoId),
    endToken: (hash) =>
      endWhere((entry) => entry.tokenHash === hash, new HostError('unauthorized', 'the token was deleted')),
    endRepo: (id) => endWhere((entry) => entry.repoId === id, new HostError('not_found', `repo ${id} not found`)),
    endAll: () => endWhere(() => true, new HostError('closing', 'the git host is closing')),
  };
}

/** Why a use was ended that yields to others. */
export class Yielded extends Error {
  override readonly name = 'Yielded';

  constructor() {
    super('somebody uses the repo');
  }
}

async function allEnded(entries: Entry[]): Promise<void> {
  await Promise.all(entries.map((entry) => entry.ended.promise));
}

function expired(): HostError {
  return new HostError('unauthorized', 'the token has expired');
}

function atTime(now: () => number, timeMs: number, act: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    const leftMs = timeMs - now();
    if (leftMs <= 0) act();
    else timer = setTimeout(wait, Math.min(leftMs, MAX_TIMER_MS)).unref();
  };
  wait();
  return () => clearTimeout(timer);
}
