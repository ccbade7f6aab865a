import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

/**
 * A value that does not print: string conversion, JSON and inspection all say `[secret]`. Only `reveal()` gives it, so a
 * search for that word finds every place that does.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  /** First 12 hex digits of the SHA-256: enough to recognise a token by, nothing to use it with. */
  fingerprint(): string {
    return createHash('sha256').update(this.#value).digest('hex').slice(0, 12);
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

/** Every value in clear, by name: for the few places that hand them over. */
export function revealAll(values: Record<string, Secret>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.reveal()]));
}
