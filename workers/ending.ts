import { SessionError, describe, type FailureCode } from '../src/errors.ts';
import { isOwnFault } from '../src/ops/own-fault.ts';
import type { SessionFailure, SessionRecord } from '../src/session/record.ts';
import type { FinalStatus } from '../src/session/status.ts';
import type { Mask } from '../src/token/masks.ts';
import type { AgentExit } from './init-client.ts';

/** Why a session is to end before its command does. The first one that arrives is the one that counts. */
export interface StopCause {
  /** `lost`: the store knows nothing of it any more. */
  kind: 'stopped' | 'timed_out' | 'lost';
  /** The token is deleted before the agent is told to stop. */
  tokenFirst: boolean;
  /** When it began to hold, ms since 1970. */
  sinceMs: number;
}

/** Of memory: the kernel killed something for want of it. Of disk: nothing more could be written. */
export type Shortage = 'memory' | 'disk';

export interface Ending {
  status: FinalStatus;
  exitCode: number | null;
  failure: SessionFailure | null;
}

/** What is known when nothing of the session runs any more. */
export interface EndFacts {
  session: SessionRecord;
  cause: StopCause | null;
  exit: AgentExit | null;
  /** What the sandbox had too little of when its agent, or a step of ours, was killed or failed over it. */
  shortage: Shortage | null;
  /** What a step threw, and which one. */
  error: { step: string; thrown: unknown } | null;
}

/** Clocks of hosts may differ by this much; a cause and an exit that are nearer are told apart by who saw them. */
const CLOCK_SKEW_MS = 1_000;

const ENDED_FROM_OUTSIDE: SessionFailure = {
  code: 'sandbox_failed',
  message: 'The sandbox was told to end from outside, as by an engine that ends without live-restore',
  step: 'run',
};

const STORE_LOST: SessionFailure = {
  code: 'store_lost',
  message: 'The store (Redis) was emptied while this session ran, so it was ended',
  step: 'run',
};

/**
 * How a session ended. A stop or a deadline comes before whatever it made fail; a failing command is the agent's own
 * affair, and only what the request or Daypass is to blame for is a `failure`. Of what a step threw, `mask` masks what it
 * quotes. Pure.
 */
export function decideEnding({ session, cause: given, exit, shortage, error }: EndFacts, mask: Mask): Ending {
  const exitCode = exit?.exitCode ?? null;
  // First cause wins: an agent that had ended by itself was not stopped by what came later.
  const cause = given !== null && exit !== null && exit.timeMs + CLOCK_SKEW_MS < given.sinceMs ? null : given;
  if (cause?.kind === 'lost') return { status: 'failed', exitCode, failure: STORE_LOST };
  if (cause !== null) return { status: cause.kind, exitCode, failure: null };
  // A command that finds its disk full ends as it likes, and that is its own affair: the event says it.
  if (shortage !== null && (exit === null || shortage === 'memory')) {
    return { status: 'failed', exitCode, failure: shortageFailure(session, shortage, error?.step ?? 'run') };
  }
  if (exit?.fromOutside) return { status: 'failed', exitCode, failure: ENDED_FROM_OUTSIDE };
  if (error !== null) {
    const failure = toFailure(error, mask);
    return { status: 'failed', exitCode: startExitCode(failure.code), failure };
  }
  return { status: exitCode === 0 ? 'succeeded' : 'failed', exitCode, failure: null };
}

/** The code that shells give for a command that could not be started; null: the failure is another one. */
export function startExitCode(code: FailureCode): number | null {
  if (code === 'command_not_found') return 127;
  return code === 'command_not_executable' ? 126 : null;
}

/**
 * The cause that an exit shows although nobody had seen it by then: an agent that ends after its deadline was out of time,
 * also where its init has told it so, in place of its worker. Pure.
 */
export function overdueCause(found: StopCause | null, exit: AgentExit): StopCause | null {
  return found?.kind === 'timed_out' && exit.timeMs >= found.sinceMs ? found : null;
}

function shortageFailure({ request }: SessionRecord, shortage: Shortage, step: string): SessionFailure {
  const { memoryMb, diskMb } = request.resources;
  if (shortage === 'memory') {
    const message = `The session needed more memory than the ${memoryMb} MB it has; ask for more in resources.memoryMb`;
    return { code: 'out_of_memory', message, step };
  }
  const message = `The session needed more disk than the ${diskMb} MB it has; ask for more in resources.diskMb`;
  return { code: 'out_of_disk', message, step };
}

/** Whatever is not a failure that Daypass knows quotes nobody knows what: all of it is masked. */
export function toFailure({ step, thrown }: { step: string; thrown: unknown }, mask: Mask): SessionFailure {
  if (thrown instanceof SessionError && !isOwnFault(thrown)) {
    return { code: thrown.code, message: thrown.told(mask), step };
  }
  return { code: 'internal_error', message: `Daypass itself failed: ${mask(describe(thrown))}`, step };
}
