import type { LogRecord, LogStream } from '../src/session/log-record.ts';
import { appendLog } from '../src/store/logs.ts';
import { createRedactor, redactText, type Redactor } from '../src/token/redactor.ts';
import type { Secret } from '../src/token/secret.ts';
import type { WorkerDeps } from './deps.ts';
import type { OutputSink } from './init-client.ts';
import { LineSplitter, type Line } from './line-splitter.ts';
import { ProgressFilter } from './progress-filter.ts';
import { LogWriter } from './log-writer.ts';

/** The log of one session, from bytes of its sandbox to masked lines in the store. */
export interface SessionLog extends OutputSink {
  /** From now on these values are masked. Call it before anything that knows them runs. */
  mask(secrets: Secret[]): void;
  /** A line of ours. */
  system(code: string, text: string): Promise<void>;
  /** Our own words about this session, without its secrets. */
  redact(text: string): string;
  readonly resumeAt: number;
  onStored(listener: (offset: number) => void): void;
  /**
   * Waits until all of it is stored; nothing more is taken then. What is still held back is written out when the output is
   * complete. When it is not, that may be half a secret: it is dropped, and a line says that the log was cut.
   */
  close(output: { complete: boolean }): Promise<void>;
}

export async function openLog(
  { redis, config, log }: Pick<WorkerDeps, 'redis' | 'config' | 'log'>,
  sessionId: string,
): Promise<SessionLog> {
  const writer = new LogWriter((records) => appendLog(redis, sessionId, records), log.child({ sessionId }));
  const limit = new LogLimit(config.logLimitBytes);
  const progress = new ProgressFilter();
  let streams = makeStreams([]);
  let secrets: Secret[] = [];
  let closed = false;

  const write = async (stream: LogStream, lines: Line[], timeMs: number): Promise<void> => {
    if (closed) return;
    const time = new Date(timeMs).toISOString();
    await writer.write(
      limit.pass(
        lines.map((line) => toRecord(stream, line, time)),
        time,
      ),
    );
  };

  return {
    resumeAt: 0,
    passed: () => undefined,
    onStored: () => undefined,
    mask: (values) => {
      secrets = values;
      streams = makeStreams(values);
    },
    redact: (text) => redactText(secrets, text),
    agent: (stream, bytes, timeMs) => write(stream, streams[stream].push(bytes), timeMs),
    step: (bytes, timeMs) => write('system', streams.system.push(progress.push(bytes, timeMs)), timeMs),
    system: (code, text) => writer.write([{ time: new Date().toISOString(), stream: 'system', text, code }]),
    async close({ complete }) {
      if (complete) {
        await write('system', streams.system.push(progress.flush()), Date.now());
        for (const name of ['system', 'stdout', 'stderr'] as const)
          await write(name, streams[name].flush(), Date.now());
      } else {
        await this.system('log_cut', 'The log ends here: the rest of the output did not arrive in time.');
      }
      closed = true;
      await writer.flushed();
    },
  };
}

/** Masks first and cuts into lines then, so that a secret over a cut is masked too. */
class MaskedLines {
  readonly #redactor: Redactor;
  readonly #lines = new LineSplitter();

  constructor(secrets: Secret[]) {
    this.#redactor = createRedactor(secrets);
  }

  push(bytes: Uint8Array): Line[] {
    return this.#lines.push(this.#redactor.push(bytes));
  }

  flush(): Line[] {
    return [...this.#lines.push(this.#redactor.flush()), ...this.#lines.flush()];
  }
}

/** What the store needs for a record besides its text: measured 75 bytes for an empty line in Redis 7.0. */
const RECORD_OVERHEAD_BYTES = 100;

/** Lets records through up to a number of bytes, says once that it ends there, and drops the rest. */
class LogLimit {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  pass(records: Omit<LogRecord, 'id'>[], time: string): Omit<LogRecord, 'id'>[] {
    const passed: Omit<LogRecord, 'id'>[] = [];
    for (const record of records) {
      if (this.#bytes > this.#maxBytes) break;
      this.#bytes += Buffer.byteLength(record.text) + RECORD_OVERHEAD_BYTES;
      if (this.#bytes <= this.#maxBytes) passed.push(record);
      else passed.push({ time, stream: 'system', code: 'log_capped', text: this.#mark() });
    }
    return passed;
  }

  #mark(): string {
    return `The log ends here: it has reached its limit of ${Math.floor(this.#maxBytes / 1024 / 1024)} MB. The command goes on.`;
  }
}

function makeStreams(secrets: Secret[]) {
  return {
    stdout: new MaskedLines(secrets),
    stderr: new MaskedLines(secrets),
    system: new MaskedLines(secrets),
  };
}

function toRecord(stream: LogStream, { text, partial }: Line, time: string): Omit<LogRecord, 'id'> {
  const record: Omit<LogRecord, 'id'> = { time, stream, text };
  if (partial) record.partial = true;
  if (stream === 'system') record.code = 'step_output';
  return record;
}
