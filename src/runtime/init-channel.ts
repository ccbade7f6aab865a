import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SessionError } from '../errors.ts';
import { ordersSocket, reportsFile } from './init-dir.ts';
import { openInitLink } from './init-link.ts';
import { INIT_PROTOCOL_VERSION } from './init-protocol.ts';
import { followReports } from './report-file.ts';
import { decodeReports, strings, type Report } from './reports.ts';
import type { SandboxChannel } from './sandbox-channel.ts';

const LOOK_EVERY_MS = 3;
/** Asking the engine costs more than looking at a file. */
const ASK_EVERY_MS = 500;

/**
 * Takes hold of the sandbox whose init has this directory, and gives its reports from `from` on. As `attach` of the port.
 */
export async function openChannel(dir: string, from: number, signal: AbortSignal): Promise<SandboxChannel> {
  const link = await openInitLink(ordersSocket(dir), signal);
  const reports = decodeReports(followReports(reportsFile(dir), from, link), from);
  if (link === null) {
    const since = await sizeOf(reportsFile(dir));
    const nobody = (): Promise<never> => Promise.reject(failed('The sandbox has ended'));
    return { since, isClosed: true, send: nobody, reports, close: () => undefined };
  }
  return {
    since: link.since,
    get isClosed() {
      return link.isClosed;
    },
    send: (order) => link.send(order),
    reports,
    close: () => link.close(),
  };
}

/**
 * Resolves when init has reported that it takes orders. Throws `sandbox_failed` when it speaks another version, when the
 * sandbox has ended instead, or after `timeoutMs`.
 */
export async function awaitReady(
  dir: string,
  { timeoutMs, isRunning }: { timeoutMs: number; isRunning: () => Promise<boolean> },
): Promise<void> {
  const began = Date.now();
  let askAt = began + ASK_EVERY_MS;
  for (;;) {
    const first = await firstReport(reportsFile(dir));
    if (first !== null) return requireReady(first);
    const now = Date.now();
    if (now - began > timeoutMs) throw failed(`The sandbox was not ready within ${timeoutMs / 1000} s`);
    if (now >= askAt) {
      if (!(await isRunning())) throw failed('The sandbox ended before it was ready');
      askAt = Date.now() + ASK_EVERY_MS;
    }
    await sleep(LOOK_EVERY_MS);
  }
}

function requireReady(report: Report): void {
  const [text] = strings(report);
  if (report.kind !== 'R') throw failed("The sandbox's init failed", text);
  if (text === INIT_PROTOCOL_VERSION) return;
  throw failed(
    `The sandbox's init speaks version ${text} of the protocol, not ${INIT_PROTOCOL_VERSION}; rebuild the image`,
  );
}

/** null while there is none. */
async function firstReport(path: string): Promise<Report | null> {
  if ((await sizeOf(path)) === 0) return null;
  for await (const report of decodeReports(followReports(path, 0, null))) return report;
  return null;
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return 0;
      throw error;
    },
  );
}

function failed(message: string, said = ''): SessionError {
  return new SessionError('sandbox_failed', message, { said });
}
