import type { JsonLimits } from './limits.ts';
import { JsonScanner } from './scanner.ts';

/**
 * `JSON.parse` of a whole text in UTF-8 that is first held to limits, so that neither the values nor what looks at them can
 * take more than the limits say. Throws `JsonProblem`.
 */
export function parseJson(text: Buffer | string, limits: JsonLimits): unknown {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const scanner = new JsonScanner(limits);
  scanner.push(bytes);
  scanner.end();
  return JSON.parse(bytes.toString('utf8'));
}
