import { setTimeout as sleep } from 'node:timers/promises';
import type { Law, Violation } from '../../src/invariants/violation.ts';
import { takeCrashes } from '../support/crashes.ts';
import type { FaultCase } from './fault-case.ts';
import type { OwnEngine } from './rig/own-engine.ts';
import { startRig, type Rig } from './rig/rig.ts';
import { SUPERVISED } from './rig/supervision.ts';

/** Within this time after the last fault all must be lawful again. */
const LAWFUL_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 500;
/** The end of a log is read from here on: warn. */
const PINO_WARN = 40;

export interface CaseResult {
  name: string;
  /** What was still wrong when the time was over; empty: all is as it should be. */
  wrong: string[];
  violations: Violation[];
  /** From the last fault until all was lawful. */
  lawfulAfterMs: number;
  /** How the sessions ended, each status or failure code with its number. */
  endings: Record<string, number>;
  /** Sessions that did not succeed though nothing in the case is a reason for it. */
  lost: number;
  minted: number;
  /** Warnings and errors of the roles, the latest last. */
  warnings: string[];
}

export interface CaseOptions {
  /** Asked for only where the case kills its engine. */
  engine: () => Promise<OwnEngine>;
  workerProgram?: string | undefined;
  lawfulWithinMs?: number;
  /** Only these are held; all of them if not given. */
  laws?: Law[];
  /** Ends the wait for lawfulness early. */
  signal?: AbortSignal;
}

/** Runs one case on a Daypass of its own and holds the outcome against every law. */
export async function runCase(fault: FaultCase, options: CaseOptions): Promise<CaseResult> {
  const { signal = new AbortController().signal, laws = null } = options;
  const engine = fault.ownEngine === undefined ? undefined : await options.engine();
  await engine?.start({ liveRestore: fault.ownEngine === 'live-restore' });
  await using rig = await startRig({
    engine,
    smallDisk: fault.smallDisk,
    workerProgram: options.workerProgram,
  });
  let failed: string[] = [];
  try {
    // Never left half done: what it broke it mends, also when the program is asked to end.
    await fault.run(rig);
  } catch (error) {
    failed = [`The case could not be run: ${error instanceof Error ? error.message : String(error)}`];
  }
  const since = Date.now();
  const until = since + (options.lawfulWithinMs ?? fault.lawfulWithinMs ?? LAWFUL_WITHIN_MS);
  let seen = await look(rig, fault, laws);
  while (seen.wrong.length > 0 && Date.now() < until && !signal.aborted) {
    await sleep(LOOK_EVERY_MS);
    seen = await look(rig, fault, laws);
  }
  const lawfulAfterMs = Date.now() - since;
  const endings = await endingsOf(rig);
  return {
    name: fault.name,
    wrong: [...failed, ...(await takeCrashes()), ...seen.wrong],
    violations: seen.violations,
    lawfulAfterMs,
    endings,
    lost: fault.survivable === true ? rig.workload.ids().length - (endings['succeeded'] ?? 0) : 0,
    minted: rig.provider.values().length,
    warnings: SUPERVISED.flatMap((role) => warningsIn(rig.supervision.printed(role))),
  };
}

async function look(
  rig: Rig,
  { forgets }: FaultCase,
  laws: Law[] | null,
): Promise<{ wrong: string[]; violations: Violation[] }> {
  try {
    const violations = (await rig.violations()).filter(({ law }) => laws === null || laws.includes(law));
    const open = forgets === true ? [] : await rig.workload.notEnded();
    return { wrong: [...open, ...violations.map(({ law, sentence }) => `${law}: ${sentence}`)], violations };
  } catch (error) {
    return {
      wrong: [`Not all can be looked at: ${error instanceof Error ? error.message : String(error)}`],
      violations: [],
    };
  }
}

async function endingsOf({ workload }: Rig): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const id of workload.ids()) {
    const found = await workload.session(id).catch(() => null);
    const ending = found?.failure?.code ?? found?.status ?? 'forgotten';
    counts[ending] = (counts[ending] ?? 0) + 1;
  }
  return counts;
}

function warningsIn(printed: string): string[] {
  return printed.split('\n').filter((line) => {
    const level = /"level":(\d+)/.exec(line)?.[1];
    return level === undefined ? line.trim() !== '' : Number(level) >= PINO_WARN;
  });
}
