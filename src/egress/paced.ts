import { setTimeout as sleep } from 'node:timers/promises';
import type { Meter } from './pump.ts';

/** The same bytes, no faster than the meter lets them pass. Throws where it lets no more pass. */
export async function* paced(source: AsyncIterable<Uint8Array>, meter: Meter): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    const waitMs = meter(piece.length);
    if (waitMs === null) throw new Error('this session may move no more');
    yield piece;
    if (waitMs > 0) await sleep(waitMs);
  }
}
