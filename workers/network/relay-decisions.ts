import { advance, readDecisions } from '../../src/egress/decisions/decision-reader.ts';
import { sandboxDecisionsDir } from '../../src/egress/layout.ts';
import { isOwnFault } from '../../src/ops/own-fault.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import { changeHeld } from '../change-held.ts';
import type { WorkerDeps } from '../deps.ts';
import { Leave } from '../leave.ts';
import type { Life } from '../life.ts';
import { within } from '../within.ts';
import { EventAllowance } from './event-allowance.ts';
import { networkEvents } from './network-events.ts';

const EVERY_MS = 500;
const LAST_MS = 5_000;
/** However little may be told by then, the end of a session tells this much of what is left. */
const MOST_AT_THE_END = 20;

/** Makes events of what the gateway decides for a sandbox, for as long as this worker holds it. */
export interface DecisionRelay {
  /** Tells what is left, within 5 s, once nothing runs in the sandbox any more. Never rejects. */
  finish(): Promise<void>;
  /** Leaves the rest to the next worker. */
  close(): void;
}

/**
 * Each decision becomes part of an event at least once: how far they are told is written down after the events, and a
 * worker that dies in between tells the last ones again. One that has lost its session tells nothing more.
 */
export function relayDecisions(
  deps: Pick<WorkerDeps, 'redis' | 'config' | 'log' | 'masks'>,
  session: SessionRecord,
  { id: sandboxId, life }: { id: string; life: Pick<Life, 'fail'> },
): DecisionRelay {
  const dir = sandboxDecisionsDir(deps.config.runDir, sandboxId);
  const allowance = new EventAllowance(performance.now());
  const mask = deps.masks.of(session.id);
  let closed = false;
  /** From then on the values are not held any more: what is still under way must not be told. */
  let released = false;
  let timer: NodeJS.Timeout | undefined;

  const relay = async (isLast: boolean): Promise<void> => {
    const { lines, from, to } = await readDecisions(dir);
    if (lines.length === 0 || released) return;
    const most = Math.max(allowance.now(from.told, performance.now()), isLast ? MOST_AT_THE_END : 0);
    if (most === 0) return;
    const events = networkEvents(lines, most, mask);
    await changeHeld(deps, session, () => ({ events }));
    allowance.made(events.length, performance.now());
    await advance(dir, { ...to, told: from.told + events.length });
  };
  const relayOrWarn = (isLast = false): Promise<void> =>
    relay(isLast).catch((error: unknown) => {
      if (error instanceof Leave) closed = true;
      else if (isOwnFault(error)) life.fail(error);
      else
        deps.log.warn({ err: error, sessionId: session.id }, 'the network events of a session could not be told yet');
    });
  let turn = Promise.resolve();
  const again = (): void => {
    timer = setTimeout(() => {
      turn = relayOrWarn();
      void turn.then(() => (closed ? undefined : again()));
    }, EVERY_MS);
  };
  again();

  const stop = (): void => {
    closed = true;
    clearTimeout(timer);
  };
  return {
    close() {
      stop();
      released = true;
    },
    async finish() {
      stop();
      await within(
        LAST_MS,
        turn.then(() => relayOrWarn(true)),
      );
      released = true;
    },
  };
}
