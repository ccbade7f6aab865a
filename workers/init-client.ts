import { nanoid } from 'nanoid';
import { failpoint } from '../src/ops/failpoints.ts';
import { isOwnFault } from '../src/ops/own-fault.ts';
import { knowsOrder } from '../src/runtime/init-protocol.ts';
import { order } from '../src/runtime/orders.ts';
import { strings, type Report } from '../src/runtime/reports.ts';
import type { SandboxChannel } from '../src/runtime/sandbox-channel.ts';
import { SessionError } from '../src/errors.ts';
import { exhaustionKey, parseUsedUp, type UsedUp } from '../src/session/exhaustion.ts';
import { Leave } from './leave.ts';

/** What a step of ours (not the agent's command) gave. */
export interface StepResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface AgentExit {
  exitCode: number;
  signal: string | null;
  /** Something outside of the sandbox, and not its worker, had asked it to end. */
  fromOutside: boolean;
  /** Why the kernel had killed it, or something of it, if it ended as killed; `unknown` where init cannot see that. */
  killedFor: 'memory' | 'unknown' | null;
  /** When init saw it, ms since 1970. */
  timeMs: number;
}

/**
 * Where output goes as it comes. Awaited before more is read, so a slow sink slows the agent instead of losing lines. `end`
 * is the offset after the report: what comes before it is done with once the sink has stored it.
 */
export interface OutputSink {
  agent(stream: 'stdout' | 'stderr', bytes: Uint8Array, timeMs: number, end: number): Promise<void>;
  step(bytes: Uint8Array, timeMs: number, end: number): Promise<void>;
  /** A report that is no output. */
  passed(end: number): Promise<void>;
}

export interface InitClientOptions {
  /** Whether the agent is known to have been ordered already. */
  hasAgent: boolean;
  /** What is known already of the protocol that init speaks. */
  protocol?: string | undefined;
  /** Has ended before the first byte of the command goes to the sink. */
  onStarted: () => Promise<void>;
  /** Has ended before anything later is read. */
  onUsedUp: (usedUp: UsedUp) => Promise<void>;
}

/** Reports with which an agent, or init, ends. */
const LAST_WORDS = 'NZD';

/** Where `name-files.ts` sends a sandbox's resolvers. */
const NAME_SERVER = { address: '127.0.0.1', port: 53 };

/** Of the standard input, in one order. */
const STDIN_CHUNK_BYTES = 256 * 1024;

/** A step's output is only read for its last words. */
const MAX_STEP_OUTPUT = 64 * 1024;
/** Init says so with the code of shells; any other one is of a command that is there. */
const NO_SUCH_COMMAND = 127;

interface RunningStep {
  id: string;
  begun: boolean;
  stdout: string;
  stderr: string;
  done: PromiseWithResolvers<number>;
}

/**
 * Speaks with the init of one sandbox: orders out, reports in, those of earlier holders' times first. `pump` must run for
 * anything else to resolve; when the reports end early, whatever is still waited for rejects with `sandbox_failed`,
 * and with the fault itself where taking a report fails by one of this program.
 */
export class InitClient {
  readonly #channel: SandboxChannel;
  readonly #sink: OutputSink;
  readonly #onStarted: () => Promise<void>;
  readonly #onUsedUp: (usedUp: UsedUp) => Promise<void>;
  readonly #caughtUp = Promise.withResolvers<void>();
  readonly #started = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<AgentExit>();
  #ended: unknown = null;
  #hasAgent: boolean;
  #protocol: string | null;
  #said = '';
  readonly #usedUp = new Map<string, UsedUp>();
  #step: RunningStep | null = null;

  constructor(
    channel: SandboxChannel,
    sink: OutputSink,
    { hasAgent, protocol, onStarted, onUsedUp }: InitClientOptions,
  ) {
    this.#channel = channel;
    this.#sink = sink;
    this.#hasAgent = hasAgent;
    this.#protocol = protocol ?? null;
    this.#onStarted = onStarted;
    this.#onUsedUp = onUsedUp;
    // Each of them may fail before anyone asks.
    for (const { promise } of [this.#caughtUp, this.#started, this.#exited]) promise.catch(() => undefined);
  }

  /** Whether the command was started, or is about to be: it must not be ordered again. */
  get hasAgent(): boolean {
    return this.#hasAgent;
  }

  /** The version of the protocol that init speaks; null where that is not known. */
  get protocol(): string | null {
    return this.#protocol;
  }

  /** What of the sandbox's limits was reached while this worker read. */
  get usedUp(): readonly UsedUp[] {
    return [...this.#usedUp.values()];
  }

  /** Resolves when the command runs; rejects with `command_not_found` or `command_not_executable` when it cannot be started. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** Resolves when every report of the time before this channel is known. `from` is where reading began. */
  async caughtUp(from: number): Promise<void> {
    if (from < this.#channel.since) await this.#caughtUp.promise;
  }

  /**
   * Resolves when the agent has ended and all of its output went to the sink. Rejects with `command_not_found` when it was
   * never started.
   */
  get exited(): Promise<AgentExit> {
    return this.#exited.promise;
  }

  /** Reads reports until the stream ends. */
  async pump(): Promise<void> {
    let cause: unknown;
    try {
      for await (const report of this.#channel.reports) {
        await this.#take(report);
        if (report.end >= this.#channel.since) this.#caughtUp.resolve();
      }
    } catch (error) {
      cause = error;
    }
    const error = this.#whyEnded(cause);
    this.#ended = error;
    // One that was cut off in the middle of a report has no more to say.
    if (cause === undefined) this.#caughtUp.resolve();
    else this.#caughtUp.reject(error);
    this.#started.reject(error);
    this.#exited.reject(error);
    this.#step?.done.reject(error);
  }

  /** A fault of this program is no end of the sandbox: it goes on as it is. */
  #whyEnded(cause: unknown): unknown {
    if (cause instanceof Leave || (cause !== undefined && isOwnFault(cause))) return cause;
    return new SessionError('sandbox_failed', 'The sandbox ended early', { said: this.#said, cause });
  }

  /** For every later step and for the agent. */
  async setEnv(variables: Record<string, string>): Promise<void> {
    await this.#channel.send(order.env(variables));
  }

  /** For the agent alone. Rejects where init is too old to know of that. */
  async setAgentEnv(variables: Record<string, string>): Promise<void> {
    if (!knowsOrder(this.#protocol, 'U')) {
      throw new SessionError('sandbox_failed', 'The sandbox is of another version of Daypass, which cannot go on here');
    }
    await this.#channel.send(order.agentEnv(variables));
  }

  /**
   * What the agent reads from its standard input before its end; at most 1 MiB. Safe to repeat with the same bytes until the
   * agent starts. Rejects where init is too old to know of that.
   */
  async setStdin(bytes: Uint8Array): Promise<void> {
    if (!knowsOrder(this.#protocol, 'I')) {
      throw new SessionError(
        'sandbox_failed',
        'The sandbox is of an older version of Daypass, which gives its command no standard input. Start the session again',
      );
    }
    for (let offset = 0; offset < bytes.length; offset += STDIN_CHUNK_BYTES) {
      await this.#channel.send(order.stdin(offset, bytes.subarray(offset, offset + STDIN_CHUNK_BYTES)));
    }
  }

  /**
   * Has the sandbox's names resolve, and takes connections to them on these ports: at most 66, what else is open stays so.
   * Safe to repeat and to change while the agent runs. Does nothing where init is too old to know of that, and would end:
   * the names and ports that such a sandbox has are those that it keeps.
   */
  async setPorts(ports: readonly number[]): Promise<void> {
    if (!knowsOrder(this.#protocol, 'N')) return;
    await this.#channel.send(order.names(NAME_SERVER, ports));
  }

  async forward(
    listen: { address: string; port: number },
    target: { host: string; port: number } | null,
  ): Promise<void> {
    await this.#channel.send(order.forward(listen, target));
  }

  /** To the agent, with its grace still before it; or everything in the sandbox ends, and what it said is still reported. */
  async stop(how: 'TERM' | 'KILL'): Promise<void> {
    await this.#channel.send(order.stop(how));
  }

  /** When the sandbox ends by itself, if nobody is there to end it. A later call replaces an earlier one. */
  async setWatchdog(seconds: number, graceSeconds: number): Promise<void> {
    await this.#channel.send(order.watchdog(seconds, graceSeconds));
  }

  /** One at a time. A step that ends with another code than 0 is a result, not an error. */
  async runStep(name: string, cwd: string, argv: string[]): Promise<StepResult> {
    if (this.#ended !== null) throw this.#ended;
    // A step of an earlier holder's time may still be reported, and must not be taken for this one.
    const step: RunningStep = {
      id: `${name} ${nanoid()}`,
      begun: false,
      stdout: '',
      stderr: '',
      done: Promise.withResolvers(),
    };
    // The stream may break while the order is still on its way.
    step.done.promise.catch(() => undefined);
    this.#step = step;
    await this.#channel.send(order.step(step.id, cwd, argv));
    const exitCode = await step.done.promise;
    this.#step = null;
    return { exitCode, stdout: step.stdout, stderr: step.stderr };
  }

  /**
   * Starts the command; an empty one waits for a signal. Init does this once in its life, so it is safe to repeat. Rejects
   * with `command_not_found` when it cannot be started.
   */
  async startAgent(cwd: string, argv: string[]): Promise<void> {
    if (this.#ended !== null) throw this.#ended;
    await this.#channel.send(order.agent(cwd, argv));
    await failpoint('worker.agent_ordered');
    // With nothing to start, init has nothing to report: from now on it waits for a signal.
    if (argv.length === 0) return this.#onStarted();
    await this.#started.promise;
  }

  async #take(report: Report): Promise<void> {
    switch (report.kind) {
      case 'o':
        return this.#sink.agent('stdout', report.payload, report.timeMs, report.end);
      case 'e':
        return this.#sink.agent('stderr', report.payload, report.timeMs, report.end);
      case 'p':
        if (this.#step?.begun) this.#step.stdout = lastOf(this.#step.stdout + report.payload.toString());
        return this.#sink.passed(report.end);
      case 'q':
        if (this.#step?.begun) this.#step.stderr = lastOf(this.#step.stderr + report.payload.toString());
        return this.#sink.step(report.payload, report.timeMs, report.end);
      default:
        await this.#takeWord(report);
        // The last words stay unread for the next worker, until the session's end is written down.
        if (!LAST_WORDS.includes(report.kind)) await this.#sink.passed(report.end);
        return;
    }
  }

  /** Reports that are no output. */
  async #takeWord(report: Report): Promise<void> {
    const [first = '', second = '', third = '', fourth = ''] = strings(report);
    switch (report.kind) {
      case 'R':
        this.#protocol = first;
        return;
      case 'L':
        return this.#takeListener(strings(report));
      case 'B':
        if (this.#step?.id === first) this.#step.begun = true;
        return;
      case 'X':
        if (this.#step?.id === first) this.#step.done.resolve(Number(second));
        return;
      case 'g':
        this.#hasAgent = true;
        return;
      case 'G':
        this.#hasAgent = true;
        await this.#onStarted();
        return this.#started.resolve();
      case 'N':
        return this.#takeFailedStart(Number(first), second);
      case 'H':
        return this.#takeUsedUp(parseUsedUp(strings(report)));
      case 'Z': {
        const signal = second === '' ? null : second;
        const fromOutside = third === 'outside';
        const killedFor = fourth === 'memory' || fourth === 'unknown' ? fourth : null;
        return this.#exited.resolve({ exitCode: Number(first), signal, fromOutside, killedFor, timeMs: report.timeMs });
      }
      case 'D':
        this.#said = first;
        return;
      default:
        return;
    }
  }

  async #takeUsedUp(usedUp: UsedUp): Promise<void> {
    this.#usedUp.set(exhaustionKey(usedUp), usedUp);
    await this.#onUsedUp(usedUp);
  }

  #takeFailedStart(exitCode: number, reason: string): void {
    this.#hasAgent = true;
    const code = exitCode === NO_SUCH_COMMAND ? 'command_not_found' : 'command_not_executable';
    const error = new SessionError(code, 'The command cannot be started', { said: reason });
    this.#started.reject(error);
    this.#exited.reject(error);
  }

  #takeListener([address, port, outcome]: string[]): void {
    if (outcome === 'ok') return;
    const message = `The sandbox cannot listen on ${address}:${port}`;
    this.#started.reject(new SessionError('sandbox_failed', message, { said: outcome ?? '' }));
  }
}

function lastOf(text: string): string {
  return text.slice(-MAX_STEP_OUTPUT);
}
