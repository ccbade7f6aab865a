import { expect, test } from 'vitest';
import { runCase } from '../run-case.ts';
import { NAIVE_CASES, NAIVE_LAWS, NAIVE_WORKER } from './cases.ts';

const engine = () => Promise.reject(new Error('this case kills no engine'));
const named = (wanted: string) => NAIVE_CASES.filter(({ name }) => name === wanted);

async function leaked(fault: (typeof NAIVE_CASES)[number]): Promise<boolean> {
  const { violations } = await runCase(fault, {
    engine,
    workerProgram: NAIVE_WORKER,
    laws: NAIVE_LAWS,
    lawfulWithinMs: 3_000,
  });
  return violations.some(({ law }) => law === 'tokens');
}

test.each(named('nothing'))(
  'a worker that trusts its completion handler alone leaks nothing when nothing goes wrong',
  async (fault) => {
    expect(await leaked(fault)).toBe(false);
  },
);

test.each([...named('failpoint.worker.handler_begun'), ...named('provider.delete_500')])(
  'such a worker leaves a live token behind after $name, and the laws say so',
  async (fault) => {
    expect(await leaked(fault)).toBe(true);
  },
);
