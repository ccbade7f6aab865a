import { ByteSearch, indexPatterns, type PatternIndex } from '../token/byte-search.ts';
import { formsOf } from '../token/secret-forms.ts';
import { Secret } from '../token/secret.ts';
import type { LedgerFacts, Witness } from './facts.ts';
import type { Violation } from './violation.ts';

/** At most once each; exactly once where the session succeeded. */
export function checkStarts({ sessions }: LedgerFacts, starts: Witness['starts']): Violation[] {
  const status = new Map(sessions.map((one) => [one.id, one.status]));
  const twice = [...starts]
    .filter(([, count]) => count > 1)
    .map(([id, count]) => `The command of session ${id} was started ${count} times`);
  const never = [...status]
    .filter(([id, found]) => found === 'succeeded' && starts.has(id) && starts.get(id) === 0)
    .map(([id]) => `Session ${id} succeeded, and its command was never started`);
  return [...twice, ...never].map((sentence) => ({ law: 'starts', sentence }));
}

/** All of it where the session succeeded; a beginning of it, without a gap, where it was cut short. */
export function checkLogs({ sessions }: LedgerFacts, logs: Witness['logs']): Violation[] {
  return sessions.flatMap(({ id, status }): Violation[] => {
    const log = logs.get(id);
    if (log === undefined) return [];
    const { expected, found } = log;
    const differs = found.findIndex((line, i) => line !== expected[i]);
    if (differs !== -1) {
      const wanted = JSON.stringify(expected[differs] ?? 'no further line');
      const sentence = `The log of session ${id} has ${JSON.stringify(found[differs])} where ${wanted} belongs`;
      return [{ law: 'logs', sentence }];
    }
    if (status !== 'succeeded' || found.length === expected.length) return [];
    const sentence = `The log of session ${id} ends after ${found.length} of ${expected.length} lines, and it succeeded`;
    return [{ law: 'logs', sentence }];
  });
}

/** In none of its forms, encoded ones included. The sentence names the place and never the value. */
export function checkSecrets(values: string[], places: { place: string; bytes: Buffer }[]): Violation[] {
  return values.flatMap((value) => {
    const secret = new Secret(value);
    const forms = indexPatterns(formsOf([secret]));
    return places
      .filter(({ bytes }) => holds(bytes, forms))
      .map(({ place }): Violation => ({
        law: 'secrets',
        sentence: `The value of token ${secret.fingerprint()} is in ${place}`,
      }));
  });
}

function holds(bytes: Buffer, patterns: PatternIndex): boolean {
  let isFound = false;
  new ByteSearch(patterns).scan(bytes, 0, () => (isFound = true));
  return isFound;
}
