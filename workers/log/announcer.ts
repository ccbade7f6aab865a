import { keys } from '../../src/store/keys.ts';
import type { Redis } from '../../src/store/redis.ts';

const EVERY_MS = 50;

/** Wakes those who follow a session's log, at most every `EVERY_MS`. Only a hint: whoever misses one looks again soon. */
export class Announcer {
  readonly #redis: Redis;
  readonly #sessionId: string;
  #timer: NodeJS.Timeout | null = null;
  #announcedAtMs = 0;
  #isOut = false;

  constructor(redis: Redis, sessionId: string) {
    this.#redis = redis;
    this.#sessionId = sessionId;
  }

  changed(): void {
    if (this.#timer !== null) return;
    const waitMs = this.#announcedAtMs + EVERY_MS - performance.now();
    if (waitMs <= 0) return this.#announce();
    this.#timer = setTimeout(() => this.#announce(), waitMs);
    this.#timer.unref();
  }

  #announce(): void {
    this.#timer = null;
    this.#announcedAtMs = performance.now();
    // While Redis is away, one hint that waits for it is enough.
    if (this.#isOut) return;
    this.#isOut = true;
    this.#redis
      .publish(keys.changes, this.#sessionId)
      .catch(() => undefined)
      .finally(() => {
        this.#isOut = false;
      });
  }
}
