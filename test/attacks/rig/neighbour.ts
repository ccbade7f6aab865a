import type { Stack } from '../../support/stack.ts';
import { createRepo, startSession } from '../../scenarios/session.ts';
import type { OneAtATime } from './one-at-a-time.ts';

const FIRST_LINE = 'good morning from next door';
/** Many times what a start takes; a neighbour that waits so long has been shut out. */
const TIMEOUT_MS = 30_000;

/** Somebody else on the same installation, with a repo of their own, who only wants to work. */
export interface Neighbour {
  readonly repoId: string;
  /**
   * Starts a session and waits for its first line. Never two at once. `onBegin` is called when its turn has come. Resolves with the time from
   * then to the line, in ms; rejects when the line does not come.
   */
  start(onBegin?: () => void): Promise<number>;
}

export async function settleNeighbour(stack: Stack, starts: OneAtATime): Promise<Neighbour> {
  const repoId = await createRepo(stack);
  const start = async (): Promise<number> => {
    const began = performance.now();
    const { id } = await startSession(stack, {
      repos: [{ id: repoId }],
      command: ['sh', '-c', `cat README.md > /dev/null && echo ${FIRST_LINE}`],
      timeoutSeconds: 60,
    });
    const path = `/v1/sessions/${id}/logs?follow=true&stream=stdout`;
    const response = await within(stack.call('GET', path), `the log of ${id}`);
    let seen = '';
    for await (const chunk of response.body ?? []) {
      seen += Buffer.from(chunk).toString();
      if (seen.includes(FIRST_LINE)) return performance.now() - began;
    }
    throw new Error(`the log of the neighbour's session ${id} ended without its first line: ${JSON.stringify(seen)}`);
  };
  return {
    repoId,
    start: (onBegin = () => undefined) => {
      const work = (): Promise<number> => {
        onBegin();
        return within(start(), 'the first line of the neighbour');
      };
      return starts.run(work, { urgent: true });
    },
  };
}

async function within<T>(work: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what} did not come within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
