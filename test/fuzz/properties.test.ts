import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROPERTIES } from './properties/all.ts';

const RUNS = 300;

test.each(Object.entries(PROPERTIES))('for any input: %s', async (_name, property) => {
  const details = await fc.check(property, { numRuns: RUNS });
  expect(details.failed ? fc.defaultReportMessage(details) : null).toBeNull();
});
