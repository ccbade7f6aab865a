import { open, mkdtemp, rm, stat } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLogAppender } from '../../src/logs/log-appender.ts';
import { logSize } from '../../src/logs/log-directory.ts';
import type { LogRecord } from '../../src/session/log-record.ts';

const LINE = 'x'.repeat(99);
const LINES_PER_BATCH = 200;
const BATCHES = 2_500;

export interface LogFigures {
  /** ms: 50 MB of text in batches of 200 lines of 100 bytes, each batch one write. */
  append: number[];
  /** ms: the same bytes, written plainly. */
  plain: number[];
  /** ms: reading it all page by page, in a process of its own; and `cat`. */
  read: number[];
  cat: number[];
  /** What the reading process grew by at most. */
  readRssMb: number;
  /** On the disk, for a line of 100 bytes with its line break. */
  bytesPerLine: number;
  /** The same when each line comes, and is committed, alone. */
  bytesPerLoneLine: number;
}

/** What a log on disk costs beside the plain bytes. */
export async function benchSessionLogs(rounds: number): Promise<LogFigures> {
  const dir = await mkdtemp(join(tmpdir(), 'daypass-bench-'));
  const figures: LogFigures = {
    append: [],
    plain: [],
    read: [],
    cat: [],
    readRssMb: 0,
    bytesPerLine: 0,
    bytesPerLoneLine: 0,
  };
  try {
    figures.bytesPerLoneLine = await bytesPerLine(dir, 'ses_lone', 1_000, 1);
    for (let round = 0; round < rounds; round++) {
      const id = `ses_${round}`;
      figures.append.push(await timed(() => append(dir, id, BATCHES, LINES_PER_BATCH)));
      const size = (await logSize(dir, id)) ?? 0;
      figures.bytesPerLine = size / (BATCHES * LINES_PER_BATCH);
      figures.plain.push(await timed(() => writePlainly(join(dir, 'plain'), size)));
      const { ms, rssMb } = await readAll(dir, id);
      figures.read.push(ms);
      figures.readRssMb = Math.max(figures.readRssMb, rssMb);
      figures.cat.push(await timed(() => cat(join(dir, id, '1.ndjson'))));
      await rm(join(dir, id), { recursive: true });
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  return figures;
}

async function bytesPerLine(dir: string, id: string, batches: number, lines: number): Promise<number> {
  await append(dir, id, batches, lines);
  return ((await logSize(dir, id)) ?? 0) / (batches * lines);
}

async function append(dir: string, id: string, batches: number, lines: number): Promise<void> {
  const appender = await openLogAppender(dir, id);
  const time = new Date().toISOString();
  let lastId = 0;
  for (let batch = 0; batch < batches; batch++) {
    const records = Array.from({ length: lines }, (): LogRecord => ({
      id: String(++lastId),
      time,
      stream: 'stdout',
      text: LINE,
    }));
    await appender.append(records, {
      source: 'sbx_1',
      at: lastId * 116,
      lastId,
      state: { bytes: lastId * 199, masked: true },
      tails: {},
    });
  }
  await appender.close();
}

async function writePlainly(path: string, size: number): Promise<void> {
  await using file = await open(path, 'w');
  const piece = Buffer.alloc(Math.ceil(size / BATCHES), 'x');
  for (let batch = 0; batch < BATCHES; batch++) await file.write(piece);
}

/** Starting the process is not counted, as the API is there already. */
async function readAll(dir: string, id: string): Promise<{ ms: number; rssMb: number }> {
  const reader = new URL('../../src/logs/log-reader.ts', import.meta.url).href;
  const program = `
    import { openLogReader } from ${JSON.stringify(reader)};
    const log = openLogReader(${JSON.stringify(dir)}, ${JSON.stringify(id)}, '0');
    const [began, before] = [performance.now(), process.memoryUsage().rss];
    let most = before;
    for (let page = await log.next(); page.length > 0; page = await log.next()) most = Math.max(most, process.memoryUsage().rss);
    console.log(JSON.stringify({ ms: performance.now() - began, rssMb: (most - before) / 1e6 }));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  for await (const chunk of child.stdout) out += String(chunk);
  return JSON.parse(out) as { ms: number; rssMb: number };
}

async function cat(path: string): Promise<void> {
  await stat(path);
  const child = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.resume();
  await once(child, 'close');
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
