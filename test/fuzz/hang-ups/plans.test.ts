import { expect, test } from 'vitest';
import { randomFrom } from '../../support/random.ts';
import { LEAVES, type HangUp } from './hang-up.ts';
import { nextOf, plansFor } from './plans.ts';

const REQUESTS = [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.from('POST /long HTTP/1.1\r\n\r\nbody')];

function planned(seed: number, count: number): HangUp[] {
  const plans = plansFor(REQUESTS, randomFrom(seed));
  return Array.from({ length: count }, () => nextOf(plans));
}

test('a seed plans the same connections each time, and another seed plans others', () => {
  expect(planned(7, 100)).toEqual(planned(7, 100));
  expect(planned(8, 100)).not.toEqual(planned(7, 100));
});

test('each byte of each request is the last one that a client sends, and each way to leave is taken', () => {
  const plans = planned(7, 500);
  for (const request of REQUESTS) {
    const sent = new Set(plans.filter((plan) => plan.request === request).map(({ sentBytes }) => sentBytes));
    for (let bytes = 1; bytes <= request.length; bytes++) expect(sent).toContain(bytes);
  }
  expect(new Set(plans.map(({ leave }) => leave))).toEqual(new Set(LEAVES));
});
