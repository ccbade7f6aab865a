import type { ResumePoint } from '../../src/logs/resume-point.ts';
import type { LogStream } from '../../src/session/log-record.ts';
import { maskedForms, resumeRedactor, type HeldBack, type Redactor } from '../../src/token/redactor.ts';
import type { Secret } from '../../src/token/secret.ts';
import { LineSplitter, type Line } from './line-splitter.ts';
import { LogLimit, type NewRecord } from './log-limit.ts';
import { ProgressFilter } from './progress-filter.ts';

const STREAMS = ['system', 'stdout', 'stderr'] as const;

/** What a pipeline has to remember between two reports, less the lines that have begun. */
interface PipelineState {
  /** There are masks: nothing may come in before they are there again. */
  masked?: true;
  heldBack?: Partial<Record<LogStream, HeldBack>>;
  progressKeptAtMs?: number;
  bytes?: number;
  capped?: true;
}

export type PipelineSnapshot = Pick<ResumePoint, 'state' | 'tails'>;

/**
 * From a sandbox's bytes to records, without I/O and without a clock: masked first, so that a secret over a cut is masked
 * too and nothing that is kept is in clear; then cut into lines; then counted against the limit. The same reports give the
 * same records, also when another pipeline goes on from a snapshot.
 */
export class LogPipeline {
  readonly #limit: LogLimit;
  readonly #lines: Record<LogStream, LineSplitter>;
  readonly #progress: ProgressFilter;
  readonly #saved: PipelineState;
  /** null while the masks that there were before are not there again. */
  #redactors: Record<LogStream, Redactor> | null = null;
  #masked: boolean;

  constructor(maxBytes: number, saved: PipelineSnapshot | null) {
    // Only `snapshot` makes what is given here.
    this.#saved = saved?.state ?? {};
    const tail = (name: string): Buffer => Buffer.from(saved?.tails[name] ?? '', 'latin1');
    this.#limit = new LogLimit(maxBytes, this.#saved);
    this.#lines = {
      system: new LineSplitter(tail('system')),
      stdout: new LineSplitter(tail('stdout')),
      stderr: new LineSplitter(tail('stderr')),
    };
    this.#progress = new ProgressFilter(tail('progress'), this.#saved.progressKeptAtMs);
    this.#masked = this.#saved.masked ?? false;
    if (!this.#masked) this.#redactors = makeRedactors([], {}).redactors;
  }

  /** The log has ended before the output: what still comes is dropped. */
  get isCapped(): boolean {
    return this.#limit.isCapped;
  }

  /** From now on these values are masked. Gives the records that end with a mask for what was held back by others. */
  mask(secrets: Secret[], timeMs: number): NewRecord[] {
    const { redactors, out } = makeRedactors(secrets, this.#heldBack());
    this.#redactors = redactors;
    this.#masked = true;
    return STREAMS.flatMap((stream) => this.#take(stream, out[stream], timeMs));
  }

  push(stream: LogStream, bytes: Uint8Array, timeMs: number): NewRecord[] {
    if (this.#limit.isCapped) return [];
    return this.#take(stream, this.#redactor(stream).push(bytes), timeMs);
  }

  /** What is still held back, once the output is complete. */
  flush(timeMs: number): NewRecord[] {
    if (this.#limit.isCapped) return [];
    return STREAMS.flatMap((stream) => {
      const rest = this.#take(stream, this.#redactor(stream).flush(), timeMs);
      const last = stream === 'system' ? this.#lines.system.push(this.#progress.flush()) : [];
      return [...rest, ...this.#records(stream, [...last, ...this.#lines[stream].flush()], timeMs)];
    });
  }

  /** After the records given so far. */
  snapshot(): PipelineSnapshot {
    const state: PipelineState = { bytes: this.#limit.bytes };
    if (this.#masked) state.masked = true;
    if (this.#limit.isCapped) return { state: { ...state, capped: true }, tails: {} };
    const heldBack = this.#heldBack();
    if (Object.keys(heldBack).length > 0) state.heldBack = heldBack;
    if (this.#progress.keptAtMs !== null) state.progressKeptAtMs = this.#progress.keptAtMs;
    // Bytes and not text, as a character may be cut.
    const text = (pending: Buffer): string => pending.toString('latin1');
    return {
      state,
      tails: {
        system: text(this.#lines.system.pending),
        stdout: text(this.#lines.stdout.pending),
        stderr: text(this.#lines.stderr.pending),
        progress: text(this.#progress.pending),
      },
    };
  }

  #take(stream: LogStream, masked: Buffer, timeMs: number): NewRecord[] {
    const kept = stream === 'system' ? this.#progress.push(masked, timeMs) : masked;
    return this.#records(stream, this.#lines[stream].push(kept), timeMs);
  }

  #records(stream: LogStream, lines: Line[], timeMs: number): NewRecord[] {
    const time = new Date(timeMs).toISOString();
    return this.#limit.pass(
      lines.map((line) => toRecord(stream, line, time)),
      time,
    );
  }

  #redactor(stream: LogStream): Redactor {
    if (this.#redactors === null) throw new Error('Output came before the secrets that must be masked in it');
    return this.#redactors[stream];
  }

  #heldBack(): Partial<Record<LogStream, HeldBack>> {
    if (this.#redactors === null) return this.#saved.heldBack ?? {};
    const held: Partial<Record<LogStream, HeldBack>> = {};
    for (const stream of STREAMS) {
      const { heldBack } = this.#redactors[stream];
      if (heldBack !== null) held[stream] = heldBack;
    }
    return held;
  }
}

function makeRedactors(secrets: Secret[], heldBack: Partial<Record<LogStream, HeldBack>>) {
  const forms = maskedForms(secrets);
  const make = (stream: LogStream) => resumeRedactor(forms, heldBack[stream] ?? null);
  const [system, stdout, stderr] = [make('system'), make('stdout'), make('stderr')];
  return {
    redactors: { system: system.redactor, stdout: stdout.redactor, stderr: stderr.redactor },
    out: { system: system.out, stdout: stdout.out, stderr: stderr.out },
  };
}

function toRecord(stream: LogStream, { text, partial }: Line, time: string): NewRecord {
  const record: NewRecord = { time, stream, text };
  if (partial) record.partial = true;
  if (stream === 'system') record.code = 'step_output';
  return record;
}
