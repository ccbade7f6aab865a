import { randomInt } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as fc from 'fast-check';
import { interruption } from '../faults/interruption.ts';
import { runHangUps } from './hang-ups/run-hang-ups.ts';
import { NATIVE_TARGETS, runNative, type Finding } from './native.ts';
import { PROPERTIES } from './properties/all.ts';
import { runSanitizedSuite } from './sanitized.ts';
import { openToolbox } from './toolbox.ts';

/*
 * `npm run fuzz`: everything that Daypass parses of untrusted bytes is given what it does not expect. Init's parsers by
 * libFuzzer, those in TypeScript by fast-check, and the whole of init under sanitizers by its own suite of tests. And every
 * role that listens has clients that hang up at every byte and every moment. Fails when one breaks, and says with which
 * input. `--seconds N` for each target, `--only NAME`, `--short`; `--connections N` and `--seed N` for clients that hang up.
 */
const SHORT_SECONDS = 3;
const SUITE = 'sanitized init';
const HANG_UPS = 'clients that hang up';
const HANG_UP_CONNECTIONS = 40_000;
/** In all, for clients that hang up; starting and ending all of Daypass takes some seconds more. */
const HANG_UP_SECONDS = { short: 25, long: 900 };

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    only: { type: 'string' },
    short: { type: 'boolean', default: false },
    connections: { type: 'string' },
    seed: { type: 'string' },
  },
});
const seconds = Number(values.seconds ?? (values.short ? SHORT_SECONDS : 60));
const isWanted = (name: string): boolean => values.only === undefined || name.includes(values.only);
const [native, properties] = [NATIVE_TARGETS.filter(isWanted), Object.keys(PROPERTIES).filter(isWanted)];
if (!(seconds > 0)) throw new Error('--seconds takes a number above 0');
if (native.length + properties.length === 0 && !isWanted(SUITE) && !isWanted(HANG_UPS)) {
  const names = [...NATIVE_TARGETS, ...Object.keys(PROPERTIES), SUITE, HANG_UPS];
  throw new Error(`There is no target of this name. There are:\n  ${names.join('\n  ')}`);
}

const signal = interruption();
const out = await mkdtemp(join(tmpdir(), 'daypass-fuzz-'));
// The sandbox's user runs what is built here.
await chmod(out, 0o755);
const broken: string[] = [];
if (native.length > 0 || isWanted(SUITE)) {
  say('the image of compilers (made once)');
  const runScript = await openToolbox(out, signal);
  const waiting = [...native];
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined && !signal.aborted; name = waiting.shift()) {
      tell(await runNative(name, seconds, out, runScript));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  if (isWanted(SUITE) && !signal.aborted) {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    if (!(await runSanitizedSuite(root, out, runScript))) broken.push(SUITE);
  }
}
for (const name of properties) if (!signal.aborted) tell(await runProperty(name));
if (isWanted(HANG_UPS) && !signal.aborted) await hangUpOnEveryRole();

if (broken.length === 0) await rm(out, { recursive: true });
say(broken.length === 0 ? 'nothing broke' : `BROKEN: ${broken.join(', ')}`);
process.exit(broken.length > 0 || signal.aborted ? 1 : 0);

/** For its share of the time; a property is a line or two, and slower by nature. */
async function runProperty(name: string): Promise<Finding> {
  const property = PROPERTIES[name];
  if (property === undefined) throw new Error(`There is no property "${name}"`);
  const timeLimitMs = (seconds * 1_000) / 3;
  const began = performance.now();
  const details = await fc.check(property, {
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: timeLimitMs,
    markInterruptAsFailure: false,
  });
  const runs = details.numRuns;
  const runsPerSecond = Math.round((runs * 1_000) / (performance.now() - began));
  return { name, runs, runsPerSecond, coverage: '', broken: details.failed ? fc.defaultReportMessage(details) : null };
}

async function hangUpOnEveryRole(): Promise<void> {
  const seed = Number(values.seed ?? randomInt(2 ** 31));
  const connections = Number(values.connections ?? HANG_UP_CONNECTIONS);
  const time = values.short ? HANG_UP_SECONDS.short : HANG_UP_SECONDS.long;
  const { counts, tookMs, wrong } = await runHangUps({ seed, connections, seconds: time, signal });
  for (const { name, connections: made, answered } of counts)
    say(`    ${name.padEnd(24)} ${made} connections, ${answered} had some of an answer`);
  const runs = counts.reduce((sum, { connections: made }) => sum + made, 0);
  const why = wrong.length === 0 ? null : [...wrong, `--only "${HANG_UPS}" --seed ${seed} repeats it`].join('\n');
  tell({ name: HANG_UPS, runs, runsPerSecond: Math.round((runs * 1_000) / tookMs), coverage: '', broken: why });
}

function tell({ name, runs, runsPerSecond, coverage, broken: why }: Finding): void {
  say(`${why === null ? '✓' : '✗'} ${name.padEnd(52)} ${runs} runs, ${runsPerSecond}/s${coverage && `, ${coverage}`}`);
  if (why === null) return;
  say(why);
  broken.push(name);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
