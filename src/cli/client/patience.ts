import { setTimeout as sleep } from 'node:timers/promises';
import { isPassing } from './api-failure.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;

export interface PatienceOptions {
  /** For how long to go on when nothing succeeds. */
  limitMs: number;
  signal: AbortSignal;
  /** Told once of each trouble that a second try has not ended. */
  onTrouble: (error: unknown) => void;
}

/** Trying again while that may help: pauses grow, and begin anew after a success. */
export class Patience {
  readonly #options: PatienceOptions;
  #failures = 0;
  #sinceMs = 0;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /** It works, again. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Resolves when the next try is due. Throws the error when it is no passing one, when it went on for too long, or aborted. */
  async afterFailure(error: unknown): Promise<void> {
    const { limitMs, signal, onTrouble } = this.#options;
    if (signal.aborted || !isPassing(error)) throw error;
    if (this.#failures === 0) this.#sinceMs = Date.now();
    if (Date.now() - this.#sinceMs > limitMs) throw error;
    this.#failures += 1;
    if (this.#failures === 2) onTrouble(error);
    await sleep(Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS), undefined, { signal });
  }
}

/** Does something that is safe to repeat until it succeeds or patience is over. */
export async function persistently<T>(work: () => Promise<T>, options: PatienceOptions): Promise<T> {
  const patience = new Patience(options);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      await patience.afterFailure(error);
    }
  }
}
