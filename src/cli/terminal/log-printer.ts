import type { LogRecord } from '../../session/log-record.ts';
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

/** To a terminal only what cannot harm it; to a file or a pipe what the agent printed, as it is. */
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
  const say = async (text: string): Promise<void> => {
    const { stderr: at } = places;
    await at.outlet.write(`${at.isMidLine ? '\n' : ''}${MARK} ${visible(text)}\n`);
    at.isMidLine = false;
  };
  return {
    say,
    async print({ stream, text, partial = false }) {
      // Also of a stream that only a newer server knows.
      if (stream !== 'stdout' && stream !== 'stderr') return say(text.trimEnd());
      const at = places[stream];
      at.isMidLine = partial;
      await at.outlet.write(inWhole(at.filter, text, partial));
    },
  };
}

function inWhole(filter: EscapeFilter | null, text: string, partial: boolean): string {
  const end = partial ? '' : '\n';
  if (filter === null) return `${text}${end}`;
  // What ends in CR LF has no line to be written over.
  const shown = filter.pass(partial ? text : text.replace(/\r+$/, ''));
  return partial ? shown : `${shown}${filter.endLine()}${end}`;
}
