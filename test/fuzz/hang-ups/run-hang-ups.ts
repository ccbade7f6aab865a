import type { Address } from '../../../src/health/ask.ts';
import { startInternet } from '../../attacks/rig/internet.ts';
import { takeCrashes } from '../../support/crashes.ts';
import { eventually } from '../../support/eventually.ts';
import { randomFrom } from '../../support/random.ts';
import { startStack, type Role, type Stack } from '../../support/stack.ts';
import { hangUp } from './hang-up.ts';
import { nextOf, plansFor } from './plans.ts';
import { complaintsOf, moreThan, readRole, unhealthy, type RoleState } from './role-state.ts';
import { recordTargets, type HangUpTarget } from './targets.ts';

/** One place of a role, and how many connections hung up on it. */
export interface HangUpCount {
  name: string;
  connections: number;
  /** Those that had read some of an answer before they left. */
  answered: number;
}

export interface HangUpReport {
  counts: HangUpCount[];
  tookMs: number;
  /** What was wrong, as sentences. */
  wrong: string[];
}

const ROLES: readonly Role[] = ['api', 'gateway', 'git-host', 'minter', 'warden', 'worker'];
/** At once, on each place. */
const LANES = 4;
/** What was under way when the last client left has ended by then, and memory was collected. */
const SETTLE_TIMEOUT_MS = 45_000;
/** Every session has one address here, so the limits of one sandbox would slow the test down and not the fault. */
const SETTINGS = {
  DAYPASS_GATEWAY_CONNECTIONS_PER_SECOND: '100000',
  DAYPASS_GATEWAY_MAX_CONNECTIONS: '2000',
  DAYPASS_GIT_HOST_TRANSFERS: '16',
};

/**
 * Starts all of Daypass and has clients hang up on every role that listens, at every byte of a request and at every moment
 * after it, until there were so many connections or the time is over. Then each role must be the process that it was, have
 * said nothing of an error, answer for its health, and hold no more than before. A seed repeats the connections, as far as
 * the machine's own timing lets it.
 */
export async function runHangUps(options: {
  seed: number;
  connections: number;
  seconds: number;
  signal: AbortSignal;
}): Promise<HangUpReport> {
  await using internet = await startInternet();
  await using stack = await startStack(
    { ...SETTINGS, ...internet.settings },
    { programs: { gateway: 'test/attacks/rig/gateway-on-internet.ts' } },
  );
  const targets = await recordTargets(stack, internet);
  await warmUp(targets);
  const before = await readAll(stack);
  const began = performance.now();
  const untilMs = began + options.seconds * 1_000;
  const most = Math.ceil(options.connections / targets.length);
  const counts = await Promise.all(
    targets.map((target, at) =>
      hangUpOn(target, randomFrom(options.seed + at), { most, untilMs, signal: options.signal }),
    ),
  );
  const tookMs = performance.now() - began;
  return { counts, tookMs, wrong: [...unanswered(counts), ...(await lookAt(stack, before))] };
}

async function hangUpOn(
  { role, name, address, requests }: HangUpTarget,
  random: () => number,
  { most, untilMs, signal }: { most: number; untilMs: number; signal: AbortSignal },
): Promise<HangUpCount> {
  const plans = plansFor(requests, random);
  const count = { name: `${role}: ${name}`, connections: 0, answered: 0 };
  const lane = async (): Promise<void> => {
    while (count.connections < most && performance.now() < untilMs && !signal.aborted) {
      count.connections++;
      if ((await hangUp(address, nextOf(plans))) > 0) count.answered++;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return count;
}

/** Each request once, to its answer, so that caches and pools are as full before as after. */
async function warmUp(targets: HangUpTarget[]): Promise<void> {
  for (const { address, requests } of targets) {
    for (const request of requests) {
      await hangUp(address, { request, sentBytes: request.length, leavesAt: { ms: 200 }, leave: 'end' });
    }
  }
}

/** A place that nobody had an answer of was not tested. */
function unanswered(counts: HangUpCount[]): string[] {
  return counts.filter(({ answered }) => answered === 0).map(({ name }) => `nobody had an answer of ${name}`);
}

async function lookAt(stack: Stack, before: Map<Role, RoleState>): Promise<string[]> {
  const held = async (): Promise<string[]> => {
    const now = await readAll(stack);
    return ROLES.flatMap((role) => moreThan(role, before.get(role)!, now.get(role)!));
  };
  const isQuiet = (found: string[]): boolean => found.length === 0;
  const left = await eventually(held, isQuiet, { timeoutMs: SETTLE_TIMEOUT_MS, everyMs: 500 }).catch(held);
  const health = await Promise.all(
    Object.entries(healthOf(stack)).map(async ([role, [address, path]]) => {
      const why = await unhealthy(address, path);
      return why === null ? [] : [`${role} is not well: ${why}`];
    }),
  );
  return [...left, ...health.flat(), ...ROLES.flatMap((role) => complaintsOf(stack, role)), ...(await takeCrashes())];
}

async function readAll(stack: Stack): Promise<Map<Role, RoleState>> {
  return new Map(await Promise.all(ROLES.map(async (role) => [role, await readRole(stack, role)] as const)));
}

/** A worker listens nowhere. */
function healthOf(stack: Stack): Record<string, [Address, string]> {
  const run = (path: string): Address => ({ socketPath: `${stack.dir}/run/${path}` });
  const at = (url: string): Address => {
    const { hostname, port } = new URL(url);
    return { host: hostname, port: Number(port) };
  };
  return {
    api: [at(stack.apiUrl), '/readyz'],
    'git-host': [at(stack.gitHostUrl), '/healthz'],
    minter: [run('minter.sock'), '/healthz'],
    gateway: [run('health/gateway.sock'), '/healthz'],
    warden: [run('warden/engine.sock'), '/_ping'],
  };
}
