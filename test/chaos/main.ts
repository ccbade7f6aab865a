import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readLedger } from '../../src/invariants/read/ledger.ts';
import { interruption } from '../faults/interruption.ts';
import { startOwnEngine } from '../faults/rig/own-engine.ts';
import { startRig, type Rig } from '../faults/rig/rig.ts';
import { takeCrashes } from '../support/crashes.ts';
import { perform } from './perform.ts';
import { report } from './report.ts';
import { makeSchedule } from './schedule.ts';

/*
 * `npm run chaos`: real sessions, while API, worker, minter, engine and Redis are killed at random and the provider loses
 * calls; fails when any law is broken in the end. `--seed N` repeats a schedule, `--minutes M` and `--sessions N` size it.
 */
const LAWFUL_WITHIN_MS = 90_000;
const LOOK_EVERY_MS = 1_000;

const { values } = parseArgs({
  options: { seed: { type: 'string' }, minutes: { type: 'string', default: '2' }, sessions: { type: 'string' } },
});
const seed = Number(values.seed ?? randomInt(2 ** 31));
const minutes = Number(values.minutes);
const sessions = Number(values.sessions ?? Math.max(1, Math.round(minutes * 20)));
const signal = interruption();
const schedule = makeSchedule({ seed, minutes, sessions });
say(`chaos with seed ${seed}: ${sessions} sessions, ${schedule.length - sessions} faults in ${minutes} min`);

await using engine = await startOwnEngine();
await using rig = await startRig({ engine, settings: { DAYPASS_WORKER_CONCURRENCY: '6' } });
/** Sessions that were not accepted, and roles that crashed without being killed. */
const failures: string[] = [];
await perform(rig, schedule, signal).catch((error: unknown) => failures.push(String(error)));
const since = Date.now();
let wrong = await whatIsWrong(rig);
while (wrong.length > 0 && Date.now() - since < LAWFUL_WITHIN_MS && !signal.aborted) {
  await sleep(LOOK_EVERY_MS);
  wrong = await whatIsWrong(rig);
}
failures.push(...(await takeCrashes()));
say(
  `all was lawful ${((Date.now() - since) / 1_000).toFixed(1)} s after the last fault: ${wrong.length === 0 ? 'yes' : 'NO'}`,
);
const kills: Record<string, number> = {};
for (const action of schedule) if (action.kind === 'kill') kills[action.target] = (kills[action.target] ?? 0) + 1;
const lines = report({
  ledger: await readLedger(rig.redis),
  violations: await rig.violations(),
  minted: rig.provider.values().length,
  starts: await rig.workload.starts(),
  logs: await rig.workload.logs(),
  outages: rig.provider.outages(),
  kills,
});
for (const line of [...lines, ...failures, ...wrong]) say(line);
if (wrong.length + failures.length > 0) say(`seed ${seed}`);
process.exitCode = wrong.length + failures.length === 0 ? 0 : 1;

async function whatIsWrong({ workload, violations }: Rig): Promise<string[]> {
  try {
    return [...(await workload.notEnded()), ...(await violations()).map(({ law, sentence }) => `${law}: ${sentence}`)];
  } catch (error) {
    return [`Not all can be looked at: ${error instanceof Error ? error.message : String(error)}`];
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
