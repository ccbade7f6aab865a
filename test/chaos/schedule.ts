import type { ProviderCall, ProviderFault } from '../faults/rig/lossy-provider.ts';
import type { SessionShape } from '../faults/rig/workload.ts';
import { randomFrom } from '../support/random.ts';

export const TARGETS = ['api', 'worker', 'minter', 'warden', 'engine', 'redis'] as const;

export type Target = (typeof TARGETS)[number];

export type Action = { atMs: number } & (
  | { kind: 'session'; shape: SessionShape }
  /** `backAfterMs`: for what no supervisor starts again. */
  | { kind: 'kill'; target: Target; backAfterMs: number }
  | { kind: 'provider'; call: ProviderCall; fault: ProviderFault; forMs: number }
);

const KILL_EVERY_MS = { least: 1_500, most: 6_000 };
const OUTAGE_EVERY_MS = { least: 8_000, most: 20_000 };
/** At the end nothing new begins, so that the last fault also meets sessions that run. */
const QUIET_END_MS = 3_000;
const FAULTS: [ProviderCall, ProviderFault][] = [
  ['mint', { status: 500 }],
  ['mint', 'reset_after_commit'],
  ['mint', 'half_body'],
  ['delete', { status: 500 }],
  ['delete', { status: 429, retryAfterSeconds: 1 }],
  ['delete', 'reset_after_commit'],
  ['delete', 'not_forwarded'],
  ['verify', { status: 500 }],
  ['verify', 'hang'],
];

/** What happens when, in order of time. The same seed gives the same schedule. Pure. */
export function makeSchedule(options: { seed: number; minutes: number; sessions: number }): Action[] {
  const random = randomFrom(options.seed);
  const between = (least: number, most: number): number => Math.round(least + random() * (most - least));
  const oneOf = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const endMs = Math.max(options.minutes * 60_000 - QUIET_END_MS, 1_000);
  const actions: Action[] = [];
  for (let i = 0; i < options.sessions; i++) {
    const shape = { lines: between(10, 30), pauseMs: 100 };
    actions.push({ kind: 'session', atMs: between(0, endMs), shape });
  }
  for (let atMs = between(1_000, 3_000); atMs < endMs; atMs += between(KILL_EVERY_MS.least, KILL_EVERY_MS.most)) {
    actions.push({ kind: 'kill', atMs, target: oneOf(TARGETS), backAfterMs: between(100, 2_000) });
  }
  for (let atMs = between(2_000, 6_000); atMs < endMs; atMs += between(OUTAGE_EVERY_MS.least, OUTAGE_EVERY_MS.most)) {
    const [call, fault] = oneOf(FAULTS);
    actions.push({ kind: 'provider', atMs, call, fault, forMs: between(500, 5_000) });
  }
  return actions.toSorted((a, b) => a.atMs - b.atMs);
}
