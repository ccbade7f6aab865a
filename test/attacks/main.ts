import { parseArgs } from 'node:util';
import { interruption } from '../faults/interruption.ts';
import type { Role } from '../support/stack.ts';
import { AREAS } from './attack.ts';
import { percentile } from './figures.ts';
import { startArena, type Arena } from './rig/arena.ts';
import { roleMemory } from './rig/role-memory.ts';
import { runAttacks, type AttackResult } from './run-attacks.ts';
import { SUITE } from './suite.ts';

/*
 * `npm run attacks`: every attack of the suite on one whole Daypass, a row each; fails when one got through, when somebody
 * else suffered, or when something is left. `--only TEXT` runs the attacks whose name or area holds it, `--verbose` prints
 * what each attack must come to, `--list` runs nothing. `--short` leaves no attack out, since all of them
 * together take minutes, but makes two at once and only tells how a neighbour fared.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    short: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});
/** A neighbour may wait so many times as long as on a quiet machine, at the 95th percentile. */
const MAX_NEIGHBOUR_RATIO = 2;
/** A role's memory after all attacks, against what it was before. */
const MAX_MEMORY_RATIO = 1.5;
const SLOWEST_SHOWN = 3;
/** What a neighbour bears of one attack says nothing where two of them have the machine between them. */
const lanes = values.short ? 2 : 1;

const signal = interruption();
const attacks = SUITE.filter(({ name, area }) => name.includes(values.only) || area === values.only);
if (values.list) {
  for (const { area, name, must } of attacks) say(`${area.padEnd(10)} ${name}\n${' '.repeat(11)}${must}`);
} else {
  await using arena = await startArena();
  process.exitCode = (await wholeRun(arena)) ? 0 : 1;
}

async function wholeRun(arena: Arena): Promise<boolean> {
  // Half of the quiet rounds before and half after, so that a machine that grows slower is not taken for an attack. The
  // first start of all fills caches and does not count.
  await arena.neighbour.start();
  const quiet = await quietStarts(arena, Math.ceil(attacks.length / 2));
  const memoryBefore = await roleMemory(arena.stack);
  const results = await runAttacks(arena, attacks, { lanes, signal, onResult: print });
  quiet.push(...(await quietStarts(arena, Math.floor(attacks.length / 2))));
  const wrong = results.filter((result) => result.wrong.length > 0);
  say('');
  table(results);
  const isFair = fairness(quiet, results);
  const isSmall = await keptMemory(arena, memoryBefore);
  const errors = arena.errorLines();
  for (const line of errors) say(`✗ a role had an error: ${line.slice(0, 1_000)}`);
  const leaks = await arena.leaks();
  for (const place of leaks) say(`✗ a secret in the clear: ${place}`);
  const left = await arena.remains().catch((error: unknown) => [String(error)]);
  for (const thing of left) say(`✗ left: ${thing}`);
  say(
    `${results.length - wrong.length} of ${attacks.length} attacks came to nothing${isFair ? '' : ', but a neighbour waited for too long'}${isSmall ? '' : ', but a role kept too much memory'}`,
  );
  const complete = results.length === attacks.length && results.length > 0;
  return complete && isFair && isSmall && [wrong, errors, leaks, left].every(({ length }) => length === 0);
}

async function quietStarts(arena: Arena, rounds: number): Promise<number[]> {
  const figures: number[] = [];
  for (let round = 0; round < rounds && !signal.aborted; round++) figures.push(await arena.neighbour.start());
  return figures;
}

function print({ name, area, must, wrong, tookMs, neighbourMs }: AttackResult): void {
  const seconds = (tookMs / 1_000).toFixed(1).padStart(5);
  const beside = neighbourMs === null ? '   –' : neighbourMs.toFixed(0).padStart(4);
  say(`${wrong.length > 0 ? '✗' : '✓'} ${area.padEnd(9)} ${name}  ${seconds} s, neighbour ${beside} ms`);
  if (values.verbose) say(`    ${must}`);
  for (const found of wrong) say(`    ${found}`);
}

function table(results: AttackResult[]): void {
  say('area        attacks  held  neighbour p50   p95 ms');
  for (const area of AREAS) {
    const of = results.filter((result) => result.area === area);
    const held = of.filter(({ wrong }) => wrong.length === 0);
    const ms = of.flatMap(({ neighbourMs }) => neighbourMs ?? []);
    if (of.length === 0) continue;
    say(
      `${area.padEnd(10)} ${column(of.length)} ${column(held.length, 5)} ${column(percentile(ms, 0.5), 14)} ${column(percentile(ms, 0.95), 8)}`,
    );
  }
}

function fairness(quiet: number[], results: AttackResult[]): boolean {
  const attacked = results.flatMap(({ neighbourMs }) => neighbourMs ?? []);
  const beside = results.filter(({ besideAttack }) => besideAttack).length;
  const ratio = percentile(attacked, 0.95) / percentile(quiet, 0.95);
  const figure = (ms: number[]): string =>
    `p50 ${percentile(ms, 0.5).toFixed(0)}, p95 ${percentile(ms, 0.95).toFixed(0)} ms (${ms.length} starts)`;
  say(
    `neighbour's start to first line: quiet ${figure(quiet)}; beside attacks ${figure(attacked)}, ${beside} of them while it went on`,
  );
  const limit = values.short ? 'told, not judged' : `at most ${MAX_NEIGHBOUR_RATIO}`;
  say(`ratio of the p95: ${ratio.toFixed(2)} (${limit})`);
  for (const { name, neighbourMs } of results
    .toSorted((a, b) => (b.neighbourMs ?? 0) - (a.neighbourMs ?? 0))
    .slice(0, SLOWEST_SHOWN)) {
    say(`    slowest: ${(neighbourMs ?? 0).toFixed(0)} ms beside "${name}"`);
  }
  return values.short || ratio <= MAX_NEIGHBOUR_RATIO;
}

/** Whether each role gave back what the attacks made it take. */
async function keptMemory({ stack }: Arena, before: Map<Role, number>): Promise<boolean> {
  const after = await roleMemory(stack);
  const ratios = [...after].map(([role, mb]) => ({ role, mb, was: before.get(role) ?? mb }));
  const figures = ratios.map(
    ({ role, mb, was }) => `${role} ${was.toFixed(0)} → ${mb.toFixed(0)} (${(mb / was).toFixed(2)})`,
  );
  const isJudged = !values.short && attacks.length === SUITE.length;
  say(`MB before and after: ${figures.join(', ')}; ${isJudged ? `at most ${MAX_MEMORY_RATIO}` : 'told, not judged'}`);
  return !isJudged || ratios.every(({ mb, was }) => mb <= MAX_MEMORY_RATIO * was);
}

function column(value: number, width = 8): string {
  return value.toFixed(0).padStart(width);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
