import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/*
 * Processes of ours that ended as none may: over an error that nobody caught, be it a promise, or over a fault of the
 * program itself. They are noted here, whoever started them, for the test or trial that ran meanwhile to fail with.
 * `fail-on-crash.ts` does that for every test; a trial asks `takeCrashes`.
 */

const LINES_KEPT = 30;
/** What it printed comes after its end; a child of it may hold its output open for longer. */
const LAST_WORDS_MS = 500;
/** Node prints its version as the last line, before it ends over an error that nobody caught. */
const LAST_LINE_OF_NODE = /^Node\.js v\d+\.\d+\.\d+/;
/** Nobody sends these to a process of ours. */
const FAULTS: ReadonlySet<NodeJS.Signals | null> = new Set([
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGSEGV',
  'SIGTRAP',
]);

const noted: { program: string; how: string; lines: readonly string[]; printed: Promise<unknown> }[] = [];

/** What a test knows of a process, for it to be seen to crash. */
export interface WatchedProcess {
  /** Each line that it prints. */
  heard(line: string): void;
  /** It serves: before that, it may end with an error that says what it lacks. */
  ready(): void;
  /** From now on it may end, and with any code. */
  mayEnd(): void;
}

/** Notes it as a crash when this process ends as none may. */
export function watchForCrash(child: ChildProcess, program: string): WatchedProcess {
  const lines: string[] = [];
  let isReady = false;
  let isAsked = false;
  let isNoted = false;
  const note = (how: string): void => {
    if (isNoted) return;
    isNoted = true;
    const printed = Promise.race([once(child, 'close'), sleep(LAST_WORDS_MS)]);
    noted.push({ program, how, lines, printed });
  };
  child.once('exit', (code, signal) => {
    if (FAULTS.has(signal)) note(`was ended by ${signal}`);
    else if (isReady && !isAsked && code !== null && code !== 0) note(`ended by itself with ${code}`);
  });
  return {
    heard(line) {
      lines.splice(0, lines.length - LINES_KEPT + 1);
      lines.push(line);
      if (isReady && LAST_LINE_OF_NODE.test(line)) note('ended over an error that nobody caught');
    },
    ready() {
      isReady = true;
    },
    mayEnd() {
      isAsked = true;
    },
  };
}

/** The crashes since the last call, as sentences with what each process printed last. */
export async function takeCrashes(): Promise<string[]> {
  const found = noted.splice(0);
  await Promise.all(found.map(({ printed }) => printed));
  return found.map(({ program, how, lines }) => `${program} ${how}:\n${lines.join('\n')}`);
}

/** Throws when a process has crashed since the last call. */
export async function failOnCrash(): Promise<void> {
  const crashes = await takeCrashes();
  if (crashes.length > 0) throw new Error(`A process crashed meanwhile. ${crashes.join('\n')}`);
}
