/** How slow a client may be. */
export interface Pace {
  /** On average, over what it may be behind. */
  minBytesPerSecond: number;
  /** How far behind it may be, in ms: a client that stands still is given up after so long. */
  behindMs: number;
  /** How long it is waited for in all, in ms, however steadily it goes. */
  totalMs: number;
}

/** Git itself may think for a while before it sends the next piece; no network of a sandbox is as slow as this. */
export const PACE: Pace = { minBytesPerSecond: 8 * 1024, behindMs: 60_000, totalMs: 120 * 60_000 };

/**
 * How long one client is waited for. Only the time in which it is its turn counts, not that in which the repo host or a
 * limit of its session holds it up.
 */
export class Patience {
  readonly #pace: Pace;
  readonly #onSlow: () => void;
  #behindMs: number;
  #leftMs: number;

  /** `onSlow` must end what is waited for. */
  constructor(pace: Pace, onSlow: () => void) {
    this.#pace = pace;
    this.#onSlow = onSlow;
    this.#behindMs = pace.behindMs;
    this.#leftMs = pace.totalMs;
  }

  /** It is the client's turn until what is returned is called with the bytes that it moved. */
  wait(): (bytes: number) => void {
    const began = performance.now();
    const timer = setTimeout(this.#onSlow, Math.max(0, Math.min(this.#behindMs, this.#leftMs)));
    return (bytes) => {
      clearTimeout(timer);
      const tookMs = performance.now() - began;
      const earnedMs = (bytes / this.#pace.minBytesPerSecond) * 1_000;
      this.#leftMs -= tookMs;
      this.#behindMs = Math.min(this.#pace.behindMs, this.#behindMs - tookMs + earnedMs);
    };
  }
}

/** What a client sends, as long as it comes fast enough. */
export async function* sentBy(client: AsyncIterable<Uint8Array>, patience: Patience): AsyncGenerator<Uint8Array> {
  const pieces = client[Symbol.asyncIterator]();
  try {
    for (;;) {
      const piece = await nextOf(pieces, patience);
      if (piece === null) return;
      yield piece;
    }
  } finally {
    await pieces.return?.();
  }
}

/** What a client reads, as long as it takes it fast enough: whoever reads this must not ask for more before it did. */
export async function* readBy(answer: AsyncIterable<Uint8Array>, patience: Patience): AsyncGenerator<Uint8Array> {
  for await (const piece of answer) {
    const moved = patience.wait();
    try {
      yield piece;
    } finally {
      moved(piece.length);
    }
  }
}

/** null at the end. */
async function nextOf(pieces: AsyncIterator<Uint8Array>, patience: Patience): Promise<Uint8Array | null> {
  const moved = patience.wait();
  let bytes = 0;
  try {
    const next = await pieces.next();
    if (next.done === true) return null;
    bytes = next.value.length;
    return next.value;
  } finally {
    moved(bytes);
  }
}
