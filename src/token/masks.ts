import { createRedactor, type Redactor } from './redactor.ts';
import type { Secret } from './secret.ts';

/**
 * The values that this process holds at the moment, for everything that leaves it: what a session's events and records
 * say is masked with that session's, and what the process logs with all of them.
 */
export interface Masks {
  /** From here on these are the session's values. To be called before anything that knows them can speak. */
  hold(sessionId: string, secrets: Secret[]): void;
  /** They are of no use here any more. Safe to repeat. */
  release(sessionId: string): void;
  /** The same with every text in it masked, names of fields too. */
  of<T>(sessionId: string, value: T): T;
  /** A line of the process' own log. */
  line(text: string): string;
}

export function createMasks(): Masks {
  const held = new Map<string, Redactor>();
  return {
    hold: (sessionId, secrets) => void held.set(sessionId, createRedactor(secrets)),
    release: (sessionId) => void held.delete(sessionId),
    of(sessionId, value) {
      const redactor = held.get(sessionId);
      return redactor === undefined ? value : (maskDeeply(redactor, value) as typeof value);
    },
    line(text) {
      let masked = text;
      for (const redactor of held.values()) masked = maskText(redactor, masked);
      return masked;
    },
  };
}

function maskText(redactor: Redactor, text: string): string {
  return Buffer.concat([redactor.push(Buffer.from(text)), redactor.flush()]).toString();
}

/** Of what JSON can say. */
function maskDeeply(redactor: Redactor, value: unknown): unknown {
  if (typeof value === 'string') return maskText(redactor, value);
  if (Array.isArray(value)) return value.map((item) => maskDeeply(redactor, item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [maskText(redactor, name), maskDeeply(redactor, item)]),
  );
}
