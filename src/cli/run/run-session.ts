import { randomUUID } from 'node:crypto';
import { sessionSchema } from '../../api/schemas/session.ts';
import type { LogRecord } from '../../session/log-record.ts';
import type { SessionAnswer } from '../client/answers.ts';
import { apiFailure } from '../client/api-failure.ts';
import type { Api } from '../client/connect.ts';
import { followLog } from '../client/follow-log.ts';
import { persistently } from '../client/patience.ts';
import { EXIT } from '../exit-codes.ts';
import { BrokenPipe } from '../terminal/outlet.ts';
import { CommandFailure } from '../up/failure.ts';
import { endingOf } from './ending.ts';
import { startOnce } from './start.ts';
import type { StopSignals } from './stop-signals.ts';

/** An answer to the start that does not come in this time will not come. */
const START_PATIENCE_MS = 60_000;
/** A session goes on without the API, and so does who follows it, for so long. */
const FOLLOW_PATIENCE_MS = 300_000;
const STOP_PATIENCE_MS = 60_000;
/** Who leaves at once does not wait for longer than this. */
const LEAVE_MS = 5_000;

/** How a run is shown. */
export interface RunScreen {
  started(session: SessionAnswer): Promise<void>;
  record(record: LogRecord): Promise<void>;
  ended(session: SessionAnswer): Promise<void>;
  /** A sentence of ours: never lost, also when nobody reads standard output any more. */
  say(text: string): Promise<void>;
}

export interface RunOptions {
  api: Api;
  /** Of POST /v1/sessions. */
  body: unknown;
  idempotencyKey?: string;
  /** How long the command has to end after it was told to. */
  graceSeconds: number;
  signals: StopSignals;
  screen: RunScreen;
}

/**
 * Starts a session, shows its log as it comes and resolves with the exit code that tells how it ended. The first signal
 * stops the session, and its end is waited for; the second revokes its token and leaves at once. When nobody reads the log
 * any more the session is stopped. Throws `CommandFailure` when Daypass is the reason that there is no such end.
 */
export async function runSession(options: RunOptions): Promise<number> {
  const { api, signals, screen } = options;
  const session = await begin(options);
  if (session === null) return signals.exitCode() ?? EXIT.notRun;
  await screen.started(session);
  const stopped = stopAtSignal(session.id, options);
  const run = followToEnd(session.id, options);
  // Whoever has left does not look at what becomes of these.
  run.catch(() => undefined);
  try {
    const ended = await Promise.race([run, aborted(signals.leave)]);
    if (ended === null) return await leaveAtOnce(session.id, options);
    await screen.ended(ended);
    const { exitCode, words } = endingOf(ended, signals.exitCode());
    for (const line of words) await screen.say(line);
    return exitCode;
  } catch (error) {
    // Leaving breaks off the calls that are under way.
    if (signals.leave.aborted) return await leaveAtOnce(session.id, options);
    if (error instanceof BrokenPipe) {
      await stop(options, session.id, { graceSeconds: options.graceSeconds });
      return EXIT.brokenPipe;
    }
    const { message } = apiFailure(error, api.url);
    throw new CommandFailure(
      `${message}\nThe session ${session.id} was not stopped. Once the API answers: daypass logs -f ${session.id}, or daypass stop ${session.id}`,
      { cause: error, exitCode: EXIT.notRun },
    );
  } finally {
    stopped[Symbol.dispose]();
  }
}

/** Starts it, once. null: the person left before it was known whether a session had been started. */
export async function begin(options: Pick<RunOptions, 'api' | 'body' | 'idempotencyKey' | 'signals' | 'screen'>) {
  const { api, body, idempotencyKey = randomUUID(), signals, screen } = options;
  const onTrouble = (): void => void screen.say(`The API at ${api.url} has not answered yet; asking it again.`);
  try {
    const patience = { limitMs: START_PATIENCE_MS, signal: signals.leave, onTrouble };
    return await startOnce(api.client, { body, idempotencyKey }, patience);
  } catch (error) {
    if (signals.leave.aborted) {
      await screen.say('It is not known whether a session was started. See: daypass ls');
      return null;
    }
    throw new CommandFailure(apiFailure(error, api.url).message, { cause: error, exitCode: EXIT.notRun });
  }
}

async function followToEnd(id: string, { api, signals, screen }: RunOptions): Promise<SessionAnswer> {
  const onTrouble = (): void =>
    void screen.say(`The API at ${api.url} does not answer; the session goes on, and so does this.`);
  const patience = { limitMs: FOLLOW_PATIENCE_MS, signal: signals.leave, onTrouble };
  for await (const record of followLog(api.client, { sessionId: id, keepsOn: true }, patience)) {
    await screen.record(record);
  }
  return persistently(() => api.client.call('GET', `/v1/sessions/${id}`, sessionSchema), patience);
}

function stopAtSignal(id: string, options: RunOptions): Disposable {
  const { signals, screen, graceSeconds } = options;
  const onStop = (): void => {
    void (async () => {
      await screen.say(`Stopping ${id}. Once more (Ctrl-C) revokes its token at once and leaves.`);
      await stop(options, id, { graceSeconds });
    })().catch(() => undefined);
  };
  if (signals.stop.aborted) onStop();
  else signals.stop.addEventListener('abort', onStop, { once: true });
  return { [Symbol.dispose]: () => signals.stop.removeEventListener('abort', onStop) };
}

/** Says so when it cannot be stopped. */
async function stop({ api, signals, screen }: RunOptions, id: string, body: { graceSeconds: number }): Promise<void> {
  const patience = { limitMs: STOP_PATIENCE_MS, signal: signals.leave, onTrouble: () => undefined };
  try {
    await persistently(() => api.client.call('POST', `/v1/sessions/${id}/stop`, sessionSchema, body), patience);
  } catch (error) {
    if (signals.leave.aborted) return;
    await screen.say(`${id} could not be stopped: ${apiFailure(error, api.url).message}`);
  }
}

async function leaveAtOnce(id: string, { api, signals, screen }: RunOptions): Promise<number> {
  const body = { graceSeconds: 0, revoke: 'now' };
  const signal = AbortSignal.timeout(LEAVE_MS);
  try {
    await api.client.call('POST', `/v1/sessions/${id}/stop`, sessionSchema, body, { signal });
  } catch (error) {
    await screen.say(
      `${id} may still run: ${apiFailure(error, api.url).message}\nStop it with: daypass stop --now ${id}`,
    );
  }
  return signals.exitCode() ?? EXIT.interrupted;
}

async function aborted(signal: AbortSignal): Promise<null> {
  if (signal.aborted) return null;
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }));
}
