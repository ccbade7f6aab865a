import { outputOf, type LogRecord } from '../../session/log-record.ts';
import { EscapeFilter } from './escape-filter.ts';
import type { Outlet } from './outlet.ts';
import { visible } from './visible.ts';

/** What Daypass says among the agent's lines. */
const MARK = '[daypass]';

/** Prints a log: standard output there, all else to standard error. */
export interface LogPrinter {
  print(record: LogRecord): Promise<void>;
  /** A line of ours, on standard error. */
  say(text: string): Promise<void>;
}

interface Place {
  outlet: Outlet;
  filter: EscapeFilter | null;
  /** Whether the last record was only the beginning of a line. */
  isMidLine: boolean;
}

/** To a terminal only what cannot harm it; to a file or a pipe what the agent printed, byte for byte. */
export function createLogPrinter(
  { stdout, stderr }: { stdout: Outlet; stderr: Outlet },
  { keepsColours }: { keepsColours: boolean },
): LogPrinter {
  const place = (outlet: Outlet): Place => ({
    outlet,
    filter: outlet.isTerminal ? new EscapeFilter({ keepsColours }) : null,
    isMidLine: false,
  });
  const places = { stdout: place(stdout), stderr: place(stderr) };
  /** Ends what has begun where the next line of ours goes: on a terminal both streams are in the same place. */
  const breakLine = (): string => {
    const same = stderr.isTerminal && stdout.isTerminal ? [places.stdout, places.stderr] : [places.stderr];
    const begun = same.filter(({ isMidLine }) => isMidLine);
    for (const at of begun) at.isMidLine = false;
    return begun.length === 0 ? '' : `${begun.map(({ filter }) => filter?.endLine() ?? '').join('')}\n`;
  };
  const say = async (text: string): Promise<void> => stderr.write(`${breakLine()}${MARK} ${visible(text)}\n`);
  return {
    say,
    async print(record) {
      if (record.stream === 'system') return say(record.text.trimEnd());
      const at = places[record.stream];
      at.isMidLine = record.partial === true;
      await at.outlet.write(at.filter === null ? outputOf(record) : shown(at.filter, record));
    },
  };
}

function shown(filter: EscapeFilter, { text, partial }: LogRecord): string {
  return partial ? filter.pass(text) : `${filter.pass(text)}${filter.endLine()}\n`;
}
