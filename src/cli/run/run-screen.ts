import type { SessionAnswer } from '../client/answers.ts';
import type { ApiClient } from '../up/installation/api-client.ts';
import type { LogPrinter } from '../terminal/log-printer.ts';
import type { Outlet } from '../terminal/outlet.ts';
import { visibleJson } from '../terminal/visible.ts';
import type { RunScreen } from './run-session.ts';
import { showStart } from './start-progress.ts';
import type { StatusLine } from './status-line.ts';

/** What git says while it clones. */
const STEP_OUTPUT = 'step_output';

/** For people: the agent's streams as they are, ours marked on standard error. `isQuiet`: of ours only what went wrong. */
export function createPlainScreen(options: {
  client: ApiClient;
  printer: LogPrinter;
  line: StatusLine;
  isQuiet: boolean;
}): RunScreen & Disposable {
  const { client, printer, line, isQuiet } = options;
  const begun = new AbortController();
  const endProgress = (): void => {
    begun.abort();
    line.clear();
  };
  const say = async (text: string): Promise<void> => {
    line.clear();
    // What nobody reads is no reason to end otherwise.
    await printer.say(text).catch(() => undefined);
  };
  return {
    say,
    async started({ id }) {
      if (isQuiet) return;
      await say(`session ${id}`);
      void showStart(client, id, { line, signal: begun.signal });
    },
    async record(record) {
      endProgress();
      if (!isQuiet || record.code !== STEP_OUTPUT) await printer.print(record);
    },
    async ended() {
      endProgress();
    },
    [Symbol.dispose]: endProgress,
  };
}

/** For programs: `{"session": …}`, a `{"log": …}` for each line, and the session again when it has ended. */
export function createJsonScreen(stdout: Outlet, stderr: Outlet): RunScreen {
  const session = async (value: SessionAnswer): Promise<void> => stdout.write(`${visibleJson({ session: value })}\n`);
  return {
    started: session,
    ended: session,
    record: async (record) => stdout.write(`${visibleJson({ log: record })}\n`),
    say: async (text) => stderr.write(`${text}\n`).catch(() => undefined),
  };
}
