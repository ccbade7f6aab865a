import { open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nanoid } from 'nanoid';
import { z } from 'zod';
import { AS_IT_LIES } from '../../ops/read-file.ts';
import { parseDecisionLine, type DecisionLine } from './decision.ts';
import { listSegments, segmentFile } from './segments.ts';

const position = z.strictObject({
  segment: z.int().min(0),
  /** Bytes of the segment that are told already. */
  at: z.int().min(0),
  /** Events that were made of them all so far. */
  told: z.int().min(0),
});

/** How far a sandbox's decisions are told. It lies beside them, for the next worker to go on from. */
export type Position = z.infer<typeof position>;

/*
 * The gateway, which speaks with untrusted code, may write in this directory. So a file in it may be a link, a pipe or of
 * any length, and there may be any number: none is followed, waited for, or read far beyond what a gateway writes.
 */
const MOST_BYTES = 1024 * 1024;
const MOST_SEGMENTS = 16;
/** What a gateway writes has fewer. To read so many takes a worker a tenth of a second, in which it does nothing else. */
const MOST_LINES = 32_768;

const START: Position = { segment: 0, at: 0, told: 0 };

/** What is new since the position, in its order, and the position behind it. Nothing when the sandbox is gone. */
export async function readDecisions(dir: string): Promise<{ lines: DecisionLine[]; from: Position; to: Position }> {
  const segments = (await listSegments(dir).catch(unlessMissing)) ?? [];
  const from = await readPosition(dir);
  const lines: DecisionLine[] = [];
  let to = from;
  for (const segment of segments.filter((number) => number >= from.segment).slice(0, MOST_SEGMENTS)) {
    const at = segment === from.segment ? from.at : 0;
    const text = await readFrom(segmentFile(dir, segment), at).catch(unlessMissing);
    // Another reader has told of it since the list was read, or has removed the sandbox.
    if (text === undefined) continue;
    const end = text.lastIndexOf(0x0a) + 1;
    const whole = text.subarray(0, end).toString();
    const found = whole.split('\n').slice(0, -1);
    const few = found.slice(0, MOST_LINES - lines.length);
    for (const line of few) lines.push(parseDecisionLine(line));
    if (few.length < found.length) lines.push({ atMs: Date.now(), omitted: null });
    // Nothing is added any more to one that is not the last: what has no end there never gets one.
    if (end < text.length && segment !== segments.at(-1)) lines.push({ atMs: Date.now(), omitted: null });
    to = { ...from, segment, at: at + end };
    if (lines.length >= MOST_LINES) break;
  }
  return { lines, from, to };
}

/**
 * Writes down that everything before it is told, and removes the segments that are done with. Does nothing when the sandbox
 * is gone. Two may do it at once: one of their positions is the one that counts.
 */
export async function advance(dir: string, to: Position): Promise<void> {
  await replacePosition(dir, to).catch(unlessMissing);
  for (const segment of (await listSegments(dir).catch(unlessMissing)) ?? []) {
    if (segment < to.segment) await rm(segmentFile(dir, segment), { force: true });
  }
}

/** By a name that the gateway cannot know before, so that no link of its making lies there. */
async function replacePosition(dir: string, to: Position): Promise<void> {
  const file = positionFile(dir);
  const temporary = `${file}.${nanoid()}.tmp`;
  await writeFile(temporary, JSON.stringify(to), { mode: 0o600, flag: 'wx' });
  await rename(temporary, file);
}

const positionFile = (dir: string): string => join(dir, 'position.json');

/** One that cannot be read is as good as none: what was told is told again. */
async function readPosition(dir: string): Promise<Position> {
  try {
    return position.parse(JSON.parse((await readFrom(positionFile(dir), 0)).toString()));
  } catch {
    return START;
  }
}

async function readFrom(path: string, at: number): Promise<Buffer> {
  const file = await open(path, AS_IT_LIES);
  try {
    const length = Math.min(Math.max(0, (await file.stat()).size - at), MOST_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
