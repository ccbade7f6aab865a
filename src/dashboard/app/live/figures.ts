import { signal, type ReadonlySignal } from '@preact/signals';
import type { Client } from '../client/client.ts';
import { pause } from '../client/follow.ts';
import type { Stats } from '../client/wire.ts';

const LOOK_EVERY_MS = 5_000;
const SOON_MS = 300;

/** How much there is of everything, looked at every few seconds. */
export interface Figures {
  /** null: not known, because an old figure would look like a present one. */
  readonly stats: ReadonlySignal<Stats | null>;
  /** Looks again soon, for whoever has seen something change. */
  look(): void;
}

export function watchFigures(client: Client, until: AbortSignal): Figures {
  const stats = signal<Stats | null>(null);
  let wake = new AbortController();

  void (async () => {
    while (!until.aborted) {
      wake = new AbortController();
      stats.value = await client.get<Stats>('/v1/stats', until).catch(() => null);
      await pause(SOON_MS, until);
      await pause(LOOK_EVERY_MS - SOON_MS, AbortSignal.any([until, wake.signal]));
    }
  })();
  return { stats, look: () => wake.abort() };
}
