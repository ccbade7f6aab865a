/** The screen of a command: steps with their times, and lines in between. */
export interface Progress {
  /**
   * Shows the step while it runs, then its time. A failure is shown by whoever catches it; here the step is only marked.
   * Steps run one after another.
   */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** A line of its own, below a running step's name. */
  line(text: string): void;
}

export interface Screen {
  write(text: string): unknown;
  isTTY?: boolean;
}

const CLEAR_LINE = '\r\u001b[K';

/** On a terminal the running step is redrawn in place; elsewhere every line is written once, when it is known. */
export function createProgress(screen: Screen, now: () => number = Date.now): Progress {
  let running: string | null = null;
  const write = (text: string): void => {
    if (screen.isTTY !== true) return void screen.write(`${text}\n`);
    screen.write(`${CLEAR_LINE}${text}\n${running === null ? '' : `… ${running}`}`);
  };
  return {
    async step(name, work) {
      const startedAt = now();
      running = name;
      if (screen.isTTY === true) screen.write(`… ${name}`);
      const end = (mark: string): void => {
        running = null;
        write(`${mark} ${name}  ${seconds(now() - startedAt)}`);
      };
      try {
        const result = await work();
        end('✓');
        return result;
      } catch (error) {
        end('✗');
        throw error;
      }
    },
    line: write,
  };
}

/** `12.3 s` */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}
