import type { ResumePoint } from '../../src/logs/resume-point.ts';
import type { LogStream } from '../../src/session/log-record.ts';
import { NO_FORMS, resumeRedactor, type HeldBack, type MaskedForms, type Redactor } from '../../src/token/redactor.ts';
import { LineSplitter, type Line } from './line-splitter.ts';
import { LogLimit, type NewRecord } from './log-limit.ts';
import type { Begun } from './partial-schedule.ts';
import { ProgressFilter } from './progress-filter.ts';

/** About as many as a run of gaps has in a commit. */
const RUN_BYTES = 24;
const STREAMS = ['system', 'stdout', 'stderr'] as const;

/** What a pipeline has to remember between two reports, less the lines that have begun. */
interface PipelineState {
  /** There are masks: nothing may come in before they are there again. */
  masked?: true;
  heldBack?: Partial<Record<LogStream, HeldBack>>;
  progressKeptAtMs?: number;
  /** Of lines that have begun: when init last read something of theirs, in the order in which it did. */
  read?: [stream: LogStream, timeMs: number][];
  bytes?: number;
  capped?: true;
}

export type PipelineSnapshot = Pick<ResumePoint, 'state' | 'tails'>;

/**
 * From a sandbox's bytes to records, without I/O and without a clock: masked first, so that a secret over a cut is masked
 * too and nothing that is kept is in clear; then cut into lines; then counted against the limit. The same reports give the
 * same bytes, also when another pipeline goes on from a snapshot, and the same records where `partials` is not called.
 *
 * Records are in the order in which init read their last bytes: before a line of one stream comes, as partial records, what
 * had begun on the others.
 */
export class LogPipeline {
  readonly #limit: LogLimit;
  readonly #lines: Record<LogStream, LineSplitter>;
  readonly #progress: ProgressFilter;
  readonly #saved: PipelineState;
  /** What has begun, each with its number. */
  readonly #begun = new Map<Begun, number>();
  /** When init last read something of a stream, and after how many other reports. */
  readonly #lastRead = new Map<LogStream, { timeMs: number; order: number }>();
  #count = 0;
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
    for (const name of [...STREAMS, 'progress'] as const) this.#noteBegun(name);
    for (const [stream, timeMs] of this.#saved.read ?? []) this.#noteRead(stream, timeMs);
    this.#masked = this.#saved.masked ?? false;
    if (!this.#masked) this.#redactors = makeRedactors(NO_FORMS, {}).redactors;
  }

  /** The log has ended before the output: what still comes is dropped. */
  get isCapped(): boolean {
    return this.#limit.isCapped;
  }

  /** From now on these forms are masked. Gives the records that end with a mask for what was held back by others. */
  mask(forms: MaskedForms, timeMs: number): NewRecord[] {
    const { redactors, out } = makeRedactors(forms, this.#heldBack());
    this.#redactors = redactors;
    this.#masked = true;
    return STREAMS.flatMap((stream) => this.#take(stream, out[stream], timeMs));
  }

  push(stream: LogStream, bytes: Uint8Array, timeMs: number): NewRecord[] {
    if (this.#limit.isCapped) return [];
    return this.#take(stream, this.#redactor(stream).push(bytes), timeMs);
  }

  /**
   * What has come and was not given, each with a number that is another one once something later has begun. What the
   * redactor holds back is not among it: it may be the beginning of a secret, however long it has been there.
   */
  get begun(): ReadonlyMap<Begun, number> {
    return this.#begun;
  }

  /** What has begun of these, though its end has not come. */
  partials(names: readonly Begun[], nowMs: number): NewRecord[] {
    if (this.#limit.isCapped) return [];
    const latest = names.includes('progress') ? this.#takeLatestProgress(nowMs) : [];
    const begun = this.#inOrder(STREAMS.filter((stream) => names.includes(stream)));
    return [...latest, ...begun.flatMap((stream) => this.#takeLine(stream, this.#lines[stream].takeBegun(), nowMs))];
  }

  /** What is still held back, once the output is complete. */
  flush(timeMs: number): NewRecord[] {
    if (this.#limit.isCapped) return [];
    const streams = this.#inOrder(STREAMS);
    return streams.flatMap((stream) => {
      const rest = this.#take(stream, this.#redactor(stream).flush(), timeMs);
      const last = stream === 'system' ? this.#lines.system.push(this.#progress.flush()) : [];
      const begun = this.#lines[stream].flush();
      // Of git's words nobody asks for the bytes.
      if (stream === 'system') for (const line of begun) line.partial = false;
      return [...rest, ...this.#records(stream, [...last, ...begun], timeMs)];
    });
  }

  /** After the records given so far. */
  snapshot(): PipelineSnapshot {
    const state: PipelineState = { bytes: this.#limit.bytes };
    if (this.#masked) state.masked = true;
    if (this.#limit.isCapped) return { state: { ...state, capped: true }, tails: {} };
    const heldBack = this.#heldBack();
    if (Object.keys(heldBack).length > 0) state.heldBack = heldBack;
    const begun = this.#inOrder(STREAMS.filter((stream) => this.#begun.has(stream)));
    const read = begun.flatMap((stream): [LogStream, number][] => {
      const timeMs = this.#lastRead.get(stream)?.timeMs;
      return timeMs === undefined ? [] : [[stream, timeMs]];
    });
    if (read.length > 0) state.read = read;
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
    if (masked.length === 0) return [];
    const kept = stream === 'system' ? this.#progress.push(masked, timeMs) : masked;
    const lines = this.#lines[stream].push(kept);
    const before = lines.length === 0 ? [] : this.#takeOthers(stream, timeMs);
    if (stream === 'system') this.#noteBegun('progress', kept.length > 0);
    this.#noteBegun(stream, lines.length > 0);
    if (this.#begun.size > 0) this.#noteRead(stream, timeMs);
    return [...before, ...this.#records(stream, lines, timeMs)];
  }

  #takeOthers(stream: LogStream, nowMs: number): NewRecord[] {
    const others = STREAMS.filter((other) => other !== stream && this.#begun.has(other));
    return this.#inOrder(others).flatMap((other) => this.#takeLine(other, this.#lines[other].takeWhole(), nowMs));
  }

  #takeLine(stream: LogStream, begun: Line[], nowMs: number): NewRecord[] {
    this.#noteBegun(stream, begun.length > 0);
    return this.#records(stream, begun, this.#lastRead.get(stream)?.timeMs ?? nowMs);
  }

  #takeLatestProgress(nowMs: number): NewRecord[] {
    const timeMs = this.#lastRead.get('system')?.timeMs ?? nowMs;
    const lines = this.#lines.system.push(this.#progress.takeLatest(timeMs));
    this.#noteBegun('progress', true);
    this.#noteBegun('system', lines.length > 0);
    return this.#records('system', lines, timeMs);
  }

  /** `isNew`: what had begun before was given. */
  #noteBegun(name: Begun, isNew = false): void {
    const pending = name === 'progress' ? this.#progress.pending : this.#lines[name].pending;
    if (pending.length === 0) this.#begun.delete(name);
    else if (isNew || !this.#begun.has(name)) this.#begun.set(name, ++this.#count);
  }

  #noteRead(stream: LogStream, timeMs: number): void {
    this.#lastRead.set(stream, { timeMs, order: ++this.#count });
  }

  /** In the order in which their last bytes were read; at the end those that have begun nothing. */
  #inOrder(streams: readonly LogStream[]): LogStream[] {
    const order = (stream: LogStream): number =>
      this.#begun.has(stream) ? (this.#lastRead.get(stream)?.order ?? 0) : Number.MAX_SAFE_INTEGER;
    return streams.toSorted((a, b) => order(a) - order(b));
  }

  #records(stream: LogStream, lines: Line[], timeMs: number): NewRecord[] {
    const time = new Date(timeMs).toISOString();
    return this.#limit.pass(
      lines.map((line) => toRecord(stream, line, time)),
      time,
      this.#runs() * RUN_BYTES,
    );
  }

  /** Of gaps in what is held back: each commit has them all. */
  #runs(): number {
    return this.#redactors === null ? 0 : STREAMS.reduce((sum, stream) => sum + this.#redactor(stream).runs, 0);
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

function makeRedactors(forms: MaskedForms, heldBack: Partial<Record<LogStream, HeldBack>>) {
  const make = (stream: LogStream) => resumeRedactor(forms, heldBack[stream] ?? null);
  const [system, stdout, stderr] = [make('system'), make('stdout'), make('stderr')];
  return {
    redactors: { system: system.redactor, stdout: stdout.redactor, stderr: stderr.redactor },
    out: { system: system.out, stdout: stdout.out, stderr: stderr.out },
  };
}

function toRecord(stream: LogStream, { text, bytes, partial }: Line, time: string): NewRecord {
  const record: NewRecord = { time, stream, text };
  if (bytes !== undefined) record.bytes = bytes;
  if (partial) record.partial = true;
  if (stream === 'system') record.code = 'step_output';
  return record;
}
