import { LEAVES, type HangUp } from './hang-up.ts';

/** The moments that matter lie within a few ms of the request, while what it asked for is still being looked for. */
const MAX_WAIT_MS = 5;
const LARGEST_ANSWER_BYTES = 200_000;

/**
 * Connections that hang up on these requests, without end: every other one at the next byte of a request, so that after
 * enough of them each byte was the last one, and the rest at a moment after the whole of it or in the middle of the answer.
 * The same random numbers give the same plans.
 */
export function* plansFor(requests: readonly Buffer[], random: () => number): Generator<HangUp, never> {
  const upTo = (most: number): number => Math.floor(random() * (most + 1));
  const any = <T>(of: readonly T[]): T => of[upTo(of.length - 1)]!;
  const moment = (): HangUp['leavesAt'] =>
    random() < 0.7 ? { ms: upTo(MAX_WAIT_MS) } : { answerBytes: 1 + Math.floor(LARGEST_ANSWER_BYTES ** random()) };
  for (;;) {
    for (const [at, request] of requests.entries()) {
      for (let sentBytes = at % 2; sentBytes <= request.length; sentBytes++) {
        yield { request, sentBytes, leavesAt: { ms: upTo(MAX_WAIT_MS) }, leave: any(LEAVES) };
        const whole = any(requests);
        yield { request: whole, sentBytes: whole.length, leavesAt: moment(), leave: any(LEAVES) };
      }
    }
  }
}

export function nextOf(plans: Generator<HangUp, never>): HangUp {
  return plans.next().value;
}
