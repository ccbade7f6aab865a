import { setTimeout as sleep } from 'node:timers/promises';
import { openLogAppender } from '../../src/logs/log-appender.ts';
import type { LogStream } from '../../src/session/log-record.ts';
import type { MaskedForms } from '../../src/token/redactor.ts';
import { Announcer } from './announcer.ts';
import type { WorkerDeps } from '../deps.ts';
import type { OutputSink } from '../init-client.ts';
import { LogPace } from './log-pace.ts';
import { LogPipeline } from './log-pipeline.ts';
import { LogWriter } from './log-writer.ts';
import { PartialSchedule } from './partial-schedule.ts';

/**
 * The log of one session, from bytes of its sandbox to masked lines on the disk. What is added throws `Leave` when
 * another worker has opened the same log since.
 */
export interface SessionLog extends OutputSink {
  /** Offset in the raw reports from which on they are to be given; 0 for a new log. */
  readonly resumeAt: number;
  /** From now on these forms are masked. Call it before anything that knows them runs, or goes on to be read. */
  mask(forms: MaskedForms): void;
  /** A line of ours. */
  system(code: string, text: string): Promise<void>;
  /** Calls back with the offset up to which the raw reports are not needed any more, each time it has grown. */
  onStored(listener: (at: number) => void): void;
  /**
   * Waits until all of it is stored; nothing more is taken then. What is still held back for masking is written out when the
   * output is complete. When it is not, that may be half a secret: it is dropped, and a line says that the log was cut.
   */
  close(output: { complete: boolean }): Promise<void>;
  /** Waits until what was added is stored, and leaves the log as it is for another worker to go on with. */
  handOver(): Promise<void>;
}

/**
 * Opens a session's log, or takes it over from a worker that had it. Where that one had another sandbox, its lines stay and
 * the reports of this one are read from their beginning.
 */
export async function openLog(
  { redis, config, log }: Pick<WorkerDeps, 'redis' | 'config' | 'log'>,
  sessionId: string,
  sandboxId: string,
): Promise<SessionLog> {
  const appender = await openLogAppender(config.logDir, sessionId);
  const { resume } = appender;
  const goesOn = resume?.source === sandboxId ? resume : null;
  const pipeline = new LogPipeline(config.logLimitBytes, goesOn);
  const pace = new LogPace(config.logRateBytesPerSecond);
  const announcer = new Announcer(redis, sessionId);
  const listeners: ((at: number) => void)[] = [];
  const writer = new LogWriter({
    appender,
    source: sandboxId,
    from: { at: goesOn?.at ?? 0, lastId: resume?.lastId ?? 0 },
    snapshot: () => pipeline.snapshot(),
    onStored(at) {
      announcer.changed();
      for (const listener of listeners) listener(at);
    },
    log: log.child({ sessionId }),
  });
  let closed = false;

  const say = (code: string, text: string): void =>
    writer.add([{ time: new Date().toISOString(), stream: 'system', text, code }], writer.at);

  const schedule = new PartialSchedule();
  let timer: NodeJS.Timeout | null = null;
  let timerAtMs = Number.POSITIVE_INFINITY;
  let broken: { why: unknown } | null = null;
  const lookForBegun = (): void => {
    // Nearly all output is whole lines.
    if (timer === null && pipeline.begun.size === 0) return;
    const nowMs = performance.now();
    schedule.look(pipeline.begun, nowMs);
    const waitMs = schedule.waitMs(nowMs);
    // What began later may be due earlier: a prompt after a clone's progress.
    if (waitMs === null || nowMs + waitMs >= timerAtMs) return;
    if (timer !== null) clearTimeout(timer);
    timerAtMs = nowMs + waitMs;
    timer = setTimeout(givePartials, waitMs).unref();
  };
  const givePartials = (): void => {
    timer = null;
    timerAtMs = Number.POSITIVE_INFINITY;
    if (closed) return;
    try {
      writer.add(pipeline.partials(schedule.take(performance.now()), Date.now()), writer.at);
      lookForBegun();
    } catch (error) {
      // Nobody waits for a timer: whoever adds the next report, or closes the log, is told.
      broken = { why: error };
    }
  };
  lookForBegun();

  // Pipeline and writer change in one turn of the loop, so that a commit has the state that belongs to its records.
  const take = async (stream: LogStream, bytes: Uint8Array, timeMs: number, end: number): Promise<void> => {
    if (closed) return;
    if (broken !== null) throw broken.why;
    const beganMs = performance.now();
    writer.add(pipeline.push(stream, bytes, timeMs), end);
    lookForBegun();
    const tookMs = performance.now() - beganMs;
    const { waitMs, isNew } = pipeline.isCapped ? NO_WAIT : pace.take(bytes.length, Date.now());
    if (isNew) say('log_throttled', throttleMark(config.logRateBytesPerSecond));
    await writer.room();
    // Masking many secrets takes time: others get as much of it as this session.
    const restMs = Math.max(waitMs, tookMs > LONG_TURN_MS ? tookMs : 0);
    if (restMs > 0) await sleep(restMs);
  };

  const finish = async (): Promise<void> => {
    closed = true;
    if (timer !== null) clearTimeout(timer);
    try {
      if (broken !== null) throw broken.why;
      await writer.flushed();
    } finally {
      await appender.close();
    }
  };

  return {
    resumeAt: writer.at,
    mask(forms) {
      writer.add(pipeline.mask(forms, Date.now()), writer.at);
      lookForBegun();
    },
    agent: take,
    step: (bytes, timeMs, end) => take('system', bytes, timeMs, end),
    async passed(end) {
      if (closed) return;
      writer.add([], end);
      await writer.room();
    },
    async system(code, text) {
      say(code, text);
      await writer.room();
    },
    onStored: (listener) => void listeners.push(listener),
    async close({ complete }) {
      if (closed) return;
      try {
        if (complete) writer.add(pipeline.flush(Date.now()), writer.at);
        else say('log_cut', 'The log ends here: the rest of the output did not arrive in time.');
      } finally {
        await finish();
      }
    },
    async handOver() {
      if (!closed) await finish();
    },
  };
}

/** Of this process, in which it does nothing for any other session. */
const LONG_TURN_MS = 10;
const NO_WAIT = { waitMs: 0, isNew: false };

function throttleMark(bytesPerSecond: number): string {
  return `The log comes faster than ${Math.floor(bytesPerSecond / 1024)} KB a second, so the command waits now and then. Nothing is left out.`;
}
