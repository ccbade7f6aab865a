import type { Logger } from './log.ts';

/** One thing to close, with a name for the log and the time it may take. */
export interface ShutdownPhase {
  name: string;
  timeoutMs: number;
  close(): Promise<void>;
}

/**
 * Runs the phases in order on SIGTERM or SIGINT, each within its own time, then exits: 0, or 1 when one failed. A phase
 * that fails or takes too long is logged and does not keep the next one from running.
 */
export function closeOnSignals(log: Logger, phases: ShutdownPhase[]): void {
  let closing = false;
  const close = async (signal: string): Promise<void> => {
    if (closing) return;
    closing = true;
    log.info({ signal }, 'closing');
    let failed = false;
    for (const phase of phases) {
      try {
        await within(phase.timeoutMs, phase.close());
      } catch (error) {
        failed = true;
        log.error({ err: error, phase: phase.name }, 'could not close in order');
      }
    }
    process.exit(failed ? 1 : 0);
  };
  process.on('SIGTERM', (signal) => void close(signal));
  process.on('SIGINT', (signal) => void close(signal));
}

async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not closed within ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
