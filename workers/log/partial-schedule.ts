import type { LogStream } from '../../src/session/log-record.ts';

/** What may have begun: a line of a stream, or a state of git's progress. */
export type Begun = LogStream | 'progress';

/**
 * `settleMs`: the rest of a line that is written in pieces has nearly always come by then. `everyMs`: output that comes in
 * dots makes no more records than this allows. Lines of all streams are given together, which keeps their order.
 */
const PACES = { line: { settleMs: 100, everyMs: 250 }, progress: { settleMs: 1_000, everyMs: 1_000 } } as const;
type Kind = keyof typeof PACES;
const KINDS = ['line', 'progress'] as const;

interface Waiting {
  mark: number;
  sinceMs: number;
}

/** Says when what has begun is given though its end has not come. Without a clock: every call says what time it is. */
export class PartialSchedule {
  readonly #waiting = new Map<Begun, Waiting>();
  readonly #givenAtMs = { line: Number.NEGATIVE_INFINITY, progress: Number.NEGATIVE_INFINITY };

  /** What has begun by now. Another number than before says that it began since. */
  look(begun: ReadonlyMap<Begun, number>, nowMs: number): void {
    for (const name of this.#waiting.keys()) if (!begun.has(name)) this.#waiting.delete(name);
    for (const [name, mark] of begun) {
      if (this.#waiting.get(name)?.mark !== mark) this.#waiting.set(name, { mark, sinceMs: nowMs });
    }
  }

  /** Until something is due; null when nothing has begun. */
  waitMs(nowMs: number): number | null {
    if (this.#waiting.size === 0) return null;
    return Math.max(0, Math.min(...KINDS.map((kind) => this.#dueAtMs(kind))) - nowMs);
  }

  /** What is to be given now. It counts as given. */
  take(nowMs: number): Begun[] {
    const kinds = KINDS.filter((kind) => this.#dueAtMs(kind) <= nowMs);
    for (const kind of kinds) this.#givenAtMs[kind] = nowMs;
    const due = [...this.#waiting.keys()].filter((name) => kinds.includes(kindOf(name)));
    for (const name of due) this.#waiting.delete(name);
    return due;
  }

  #dueAtMs(kind: Kind): number {
    let sinceMs = Number.POSITIVE_INFINITY;
    for (const [name, waiting] of this.#waiting)
      if (kindOf(name) === kind) sinceMs = Math.min(sinceMs, waiting.sinceMs);
    return Math.max(sinceMs + PACES[kind].settleMs, this.#givenAtMs[kind] + PACES[kind].everyMs);
  }
}

function kindOf(name: Begun): Kind {
  return name === 'progress' ? 'progress' : 'line';
}
