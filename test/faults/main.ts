import { parseArgs } from 'node:util';
import type { FaultCase } from './fault-case.ts';
import { interruption } from './interruption.ts';
import { MATRIX, ONE_OF_EACH_CLASS } from './matrix.ts';
import { NAIVE_CASES, NAIVE_LAWS, NAIVE_SHORT, NAIVE_WORKER } from './naive/cases.ts';
import { startOwnEngine, type OwnEngine } from './rig/own-engine.ts';
import { runCase, type CaseResult } from './run-case.ts';

/*
 * `npm run faults`: every fault of the matrix on a Daypass of its own, a row each; fails when a law was broken.
 * `--only TEXT` runs the cases whose name holds it, `--short` one of each class, `--verbose` prints what the roles warned of, `--survival` also counts
 * sessions that were lost without need. `--naive` runs a worker that trusts the completion handler alone, and fails when
 * that leaks nothing: then the matrix would be blind.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    short: { type: 'boolean', default: false },
    naive: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    survival: { type: 'boolean', default: false },
  },
});

const engines: OwnEngine[] = [];
const signal = interruption();
const options = {
  signal,
  engine: async () => {
    if (engines[0] === undefined) engines.push(await startOwnEngine());
    return engines[0] as OwnEngine;
  },
  ...(values.naive && { workerProgram: NAIVE_WORKER, laws: NAIVE_LAWS, lawfulWithinMs: 10_000 }),
};
const all = values.short ? ONE_OF_EACH_CLASS : MATRIX;
const naive = values.short ? NAIVE_SHORT : NAIVE_CASES;
const cases = (values.naive ? naive : all).filter(({ name }) => name.includes(values.only));
const results: CaseResult[] = [];
try {
  for (const fault of cases) {
    if (signal.aborted) break;
    const result = await runOne(fault);
    results.push(result);
    print(result);
  }
} finally {
  for (const engine of engines) await engine[Symbol.asyncDispose]();
}
const wrong = results.filter((result) => isWrong(result));
const leaky = results.filter(({ violations }) => violations.some(({ law }) => law === 'tokens'));
if (values.naive) {
  say(
    `${leaky.length} of ${results.length} cases left a live token behind when nobody but the handler looked after it`,
  );
  process.exitCode = leaky.length > 0 ? 0 : 1;
} else {
  say(`${results.length - wrong.length} of ${results.length} cases held every law`);
  process.exitCode = wrong.length === 0 && results.length === cases.length && results.length > 0 ? 0 : 1;
}

async function runOne(fault: FaultCase): Promise<CaseResult> {
  try {
    return await runCase(fault, options);
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const nothing = { violations: [], lawfulAfterMs: 0, endings: {}, lost: 0, minted: 0, warnings: [] };
    return { name: fault.name, wrong: [`The rig failed: ${reason}`], ...nothing };
  }
}

function isWrong({ wrong: found, lost }: CaseResult): boolean {
  return found.length > 0 || (values.survival && lost > 0);
}

function print(result: CaseResult): void {
  const { name, wrong: found, lawfulAfterMs, endings, minted, warnings } = result;
  const ended = Object.entries(endings)
    .map(([ending, count]) => `${count} ${ending}`)
    .join(', ');
  const seconds = (lawfulAfterMs / 1_000).toFixed(1).padStart(5);
  say(`${isWrong(result) ? '✗' : '✓'} ${name.padEnd(38)} ${seconds} s  ${String(minted).padStart(2)} minted  ${ended}`);
  for (const sentence of found) say(`    ${sentence}`);
  if (values.verbose) for (const line of warnings) say(`      ${line}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
