import { open, type FileHandle } from 'node:fs/promises';
import type { Logger } from '../../ops/log.ts';
import type { DecisionLine, NetworkDecision } from './decision.ts';
import { SHARED_FILE_MODE } from '../../ops/shared-dir.ts';
import { listSegments, segmentFile } from './segments.ts';

const SEGMENT_BYTES = 256 * 1024;
/** With the size of each, the most that one sandbox may have waiting for its worker. */
const MAX_SEGMENTS = 8;
/** How often a log that is full looks whether its worker has made room. */
const LOOK_FOR_ROOM_MS = 1_000;

/** Where the gateway writes down what it decides for one sandbox. */
export interface DecisionLog {
  /**
   * Resolves when it is in the file, from where a death of the gateway cannot take it. When there is no room it is counted
   * instead, and the count is written as soon as there is; it never rejects, as no connection must hang on it.
   */
  write(decision: NetworkDecision): Promise<void>;
  /** Writes what is on its way, and the count. */
  close(): Promise<void>;
}

/** Begins a new segment in the sandbox's directory. Rejects when that is not there. */
export async function openDecisionLog(dir: string, log: Logger): Promise<DecisionLog> {
  let number = ((await listSegments(dir)).at(-1) ?? 0) + 1;
  let file = await open(segmentFile(dir, number), 'a', SHARED_FILE_MODE);
  let bytes = 0;
  let omitted = 0;
  let lookAgainAt = 0;
  /** What is written with the next turn, all at once. */
  let waiting: DecisionLine[] = [];
  let turn: Promise<void> | null = null;

  const append = async (handle: FileHandle, lines: DecisionLine[]): Promise<void> => {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    bytes += Buffer.byteLength(text);
    await handle.appendFile(text);
  };

  /** Whether there is a segment with room, after beginning another one if need be. */
  const findRoom = async (): Promise<boolean> => {
    if (bytes < SEGMENT_BYTES) return true;
    if (performance.now() < lookAgainAt) return false;
    if ((await listSegments(dir)).length >= MAX_SEGMENTS) {
      lookAgainAt = performance.now() + LOOK_FOR_ROOM_MS;
      // What is left out from here on must be seen even if this process does not live to tell how much it was.
      if (omitted === 0) await append(file, [{ atMs: Date.now(), omitted: null }]);
      return false;
    }
    const next = await open(segmentFile(dir, number + 1), 'a', SHARED_FILE_MODE);
    await file.close();
    file = next;
    number += 1;
    bytes = 0;
    return true;
  };

  const writeWaiting = async (): Promise<void> => {
    const lines = waiting;
    waiting = [];
    try {
      if (!(await findRoom())) return void (omitted += lines.length);
      const count = omitted;
      await append(file, count === 0 ? lines : [{ atMs: Date.now(), omitted: count }, ...lines]);
      omitted -= count;
    } catch (error) {
      omitted += lines.length;
      log.warn({ err: error, omitted }, 'decisions could not be written down; they are counted');
    }
  };

  const take = (line: DecisionLine): Promise<void> => {
    waiting.push(line);
    // Whoever comes while a turn is under way shares the next one.
    turn = (turn ?? Promise.resolve()).then(() => (waiting.length === 0 ? undefined : writeWaiting()));
    return turn;
  };

  return {
    write: take,
    async close() {
      await turn;
      if (omitted > 0) await append(file, [{ atMs: Date.now(), omitted }]).catch(() => undefined);
      await file.close();
    },
  };
}
