import fc from 'fast-check';
import { test } from 'vitest';
import { PROPERTIES } from './properties.ts';

test.each(Object.keys(PROPERTIES))('for any input: %s', async (name) => {
  const property = PROPERTIES[name];
  if (property !== undefined) await fc.assert(property, { numRuns: 300 });
});
