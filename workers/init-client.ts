import { failpoint } from '../src/ops/failpoints.ts';
import { INIT_PROTOCOL_VERSION } from '../src/runtime/init-protocol.ts';
import { order } from '../src/runtime/orders.ts';
import { decodeReports, strings, type Report } from '../src/runtime/reports.ts';
import type { SandboxChannel } from '../src/runtime/sandbox-runtime.ts';
import { SessionError } from '../src/errors.ts';

/** What a step of ours (not the agent's command) gave. */
export interface StepResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface AgentExit {
  exitCode: number;
  signal: string | null;
}

/** Where output goes as it comes. Awaited before more is read, so a slow sink slows the agent instead of losing lines. */
export interface OutputSink {
  agent(stream: 'stdout' | 'stderr', bytes: Uint8Array, timeMs: number): Promise<void>;
  step(bytes: Uint8Array, timeMs: number): Promise<void>;
}

/** A step's output is only read for its last words. */
const MAX_STEP_OUTPUT = 64 * 1024;

/**
 * Speaks with the init of one sandbox: orders out, reports in. `pump` must run for anything else to resolve; when the
 * stream ends early, whatever is still waited for rejects with `sandbox_failed`.
 */
export class InitClient {
  readonly #channel: SandboxChannel;
  readonly #sink: OutputSink;
  readonly #ready = Promise.withResolvers<void>();
  readonly #started = Promise.withResolvers<void>();
  #onStarted: () => Promise<void> = async () => undefined;
  readonly #exited = Promise.withResolvers<AgentExit>();
  #ended: SessionError | null = null;
  #step: { stdout: string; stderr: string; done: PromiseWithResolvers<number> } | null = null;

  constructor(channel: SandboxChannel, sink: OutputSink) {
    this.#channel = channel;
    this.#sink = sink;
    // Each of them may fail before anyone asks.
    for (const { promise } of [this.#ready, this.#started, this.#exited]) promise.catch(() => undefined);
  }

  /** Resolves when init takes orders. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Resolves when the agent has ended and all of its output went to the sink. */
  get exited(): Promise<AgentExit> {
    return this.#exited.promise;
  }

  /** Reads reports until the stream ends. */
  async pump(): Promise<void> {
    let cause: unknown;
    try {
      for await (const report of decodeReports(this.#channel.reports)) await this.#take(report);
    } catch (error) {
      cause = error;
    }
    const said = this.#channel.diagnostics().trim();
    const error = new SessionError('sandbox_failed', `The sandbox ended early${said === '' ? '' : `: ${said}`}`, {
      cause,
    });
    this.#ended = error;
    this.#ready.reject(error);
    this.#started.reject(error);
    this.#exited.reject(error);
    this.#step?.done.reject(error);
  }

  async setEnv(variables: Record<string, string>): Promise<void> {
    await this.#channel.send(order.env(variables));
  }

  async forward(
    listen: { address: string; port: number },
    target: { host: string; port: number } | null,
  ): Promise<void> {
    await this.#channel.send(order.forward(listen, target));
  }

  /** When the sandbox ends by itself, if nobody is there to end it. A later call replaces an earlier one. */
  async setWatchdog(seconds: number, graceSeconds: number): Promise<void> {
    await this.#channel.send(order.watchdog(seconds, graceSeconds));
  }

  /** One at a time. A step that ends with another code than 0 is a result, not an error. */
  async runStep(name: string, cwd: string, argv: string[]): Promise<StepResult> {
    if (this.#ended !== null) throw this.#ended;
    const step = { stdout: '', stderr: '', done: Promise.withResolvers<number>() };
    // The stream may break while the order is still on its way.
    step.done.promise.catch(() => undefined);
    this.#step = step;
    await this.#channel.send(order.step(name, cwd, argv));
    const exitCode = await step.done.promise;
    this.#step = null;
    return { exitCode, stdout: step.stdout, stderr: step.stderr };
  }

  /**
   * Starts the command; an empty one waits for a signal. `onStarted` has ended before the first byte of the command goes
   * to the sink. Rejects with `command_not_found` when it cannot be started.
   */
  async startAgent(cwd: string, argv: string[], onStarted: () => Promise<void>): Promise<void> {
    if (this.#ended !== null) throw this.#ended;
    this.#onStarted = onStarted;
    await this.#channel.send(order.agent(cwd, argv));
    await failpoint('worker.agent_ordered');
    // With nothing to start, init has nothing to report: from now on it waits for a signal.
    if (argv.length === 0) return onStarted();
    await this.#started.promise;
  }

  async #take(report: Report): Promise<void> {
    switch (report.kind) {
      case 'o':
        return this.#sink.agent('stdout', report.payload, report.timeMs);
      case 'e':
        return this.#sink.agent('stderr', report.payload, report.timeMs);
      case 'p':
        if (this.#step) this.#step.stdout = lastOf(this.#step.stdout + report.payload.toString());
        return;
      case 'q':
        if (this.#step) this.#step.stderr = lastOf(this.#step.stderr + report.payload.toString());
        return this.#sink.step(report.payload, report.timeMs);
      case 'R':
        return this.#takeReady(strings(report));
      case 'L':
        return this.#takeListener(strings(report));
      case 'X':
        return this.#step?.done.resolve(Number(strings(report)[1]));
      case 'G':
        await this.#onStarted();
        return this.#started.resolve();
      case 'N':
        return this.#started.reject(
          new SessionError('command_not_found', `The command cannot be started: ${strings(report)[1]}`),
        );
      case 'Z': {
        const [exitCode, signal] = strings(report);
        return this.#exited.resolve({ exitCode: Number(exitCode), signal: signal === '' ? null : (signal ?? null) });
      }
      default:
        return;
    }
  }

  #takeReady([version]: string[]): void {
    if (version === INIT_PROTOCOL_VERSION) return this.#ready.resolve();
    const message = `The sandbox's init speaks version ${version} of the protocol, not ${INIT_PROTOCOL_VERSION}; rebuild the image`;
    this.#ready.reject(new SessionError('sandbox_failed', message));
  }

  #takeListener([address, port, outcome]: string[]): void {
    if (outcome === 'ok') return;
    const message = `The sandbox cannot listen on ${address}:${port}: ${outcome}`;
    this.#started.reject(new SessionError('sandbox_failed', message));
  }
}

function lastOf(text: string): string {
  return text.slice(-MAX_STEP_OUTPUT);
}
