import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogTakenOver, openLogAppender } from '../../src/logs/log-appender.ts';
import { deleteLog, logSize, markStarted } from '../../src/logs/log-directory.ts';
import { openLogReader } from '../../src/logs/log-reader.ts';
import type { LogRecord } from '../../src/session/log-record.ts';
import { readWholeLog } from '../support/logs.ts';

const ID = 'ses_files';
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'daypass-logs-'));
});
afterEach(async () => rm(dir, { recursive: true, force: true }));

const line = (id: number, text: string): LogRecord => ({
  id: String(id),
  time: '2026-01-01T00:00:00.000Z',
  stream: 'stdout',
  text,
});
const lines = (from: number, to: number, text = (id: number) => `line ${id}`): LogRecord[] =>
  Array.from({ length: to - from + 1 }, (_, i) => line(from + i, text(from + i)));
const point = (lastId: number, tails: Record<string, string> = {}) => ({
  source: 'sbx_1',
  at: lastId * 10,
  lastId,
  state: { seen: lastId },
  tails,
});
const segment = (number: number): string => join(dir, ID, `${number}.ndjson`);
const ids = (records: LogRecord[]): number[] => records.map(({ id }) => Number(id));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe('the log of a session on disk', () => {
  it('is empty when there is none, and when nothing was committed', async () => {
    expect(await readWholeLog(dir, ID)).toEqual([]);
    expect(await logSize(dir, ID)).toBeNull();
    const appender = await openLogAppender(dir, ID);
    expect(appender.resume).toBeNull();
    expect(await readWholeLog(dir, ID)).toEqual([]);
    await appender.close();
  });

  it('gives back what was committed, in any language, after any record, to the owner alone', async () => {
    const appender = await openLogAppender(dir, ID);
    const records = [line(1, 'ascii'), line(2, 'Zürich — 東京 🎫'), line(3, '{"commit":{"at":1}}\u2028"\\')];
    await appender.append(records, point(3));
    await appender.append([], point(3));
    await appender.close();
    expect(await readWholeLog(dir, ID)).toEqual(records);
    expect(await readWholeLog(dir, ID, '2')).toEqual(records.slice(2));
    expect(await readWholeLog(dir, ID, '3')).toEqual([]);
    expect((await stat(segment(1))).mode & 0o777).toBe(0o640);
    expect((await stat(join(dir, ID))).mode & 0o777).toBe(0o700);
  });

  it('is gone when it is deleted, and deleting it twice is fine', async () => {
    const appender = await openLogAppender(dir, ID);
    await appender.append([line(1, 'x')], point(1));
    await appender.close();
    expect(await logSize(dir, ID)).toBeGreaterThan(0);
    await deleteLog(dir, ID);
    await deleteLog(dir, ID);
    expect(await logSize(dir, ID)).toBeNull();
    expect(await readWholeLog(dir, ID)).toEqual([]);
  });

  it('never leaves its directory, whatever a session is called', async () => {
    await expect(openLogAppender(dir, '../other')).rejects.toThrow('is no session');
    expect(() => openLogReader(dir, 'a/b', '0')).toThrow('is no session');
  });
});

describe('a worker that died', () => {
  it.each([1, 20, 60, 'header'] as const)(
    'leaves a write cut %s bytes before its end, which its successor does again',
    async (cut) => {
      const first = await openLogAppender(dir, ID);
      await first.append(lines(1, 2), point(2));
      const { size: committed } = await stat(segment(1));
      await first.append(lines(3, 5), point(5));
      await first.close();
      const { size } = await stat(segment(1));
      await truncate(segment(1), cut === 'header' ? committed + 3 : size - cut);
      expect(ids(await readWholeLog(dir, ID))).toEqual([1, 2]);

      const second = await openLogAppender(dir, ID);
      expect(second.resume).toEqual(point(2));
      await second.append(lines(3, 4), point(4));
      await second.close();
      expect(ids(await readWholeLog(dir, ID))).toEqual([1, 2, 3, 4]);
    },
  );

  it('between taking a segment and saying what it follows, leaves nothing that holds up others', async () => {
    const first = await openLogAppender(dir, ID);
    await first.append(lines(1, 2), point(2));
    await first.close();
    await writeFile(segment(2), '');
    // Until it is clear that it is dead, a reader waits for it.
    expect(await readWholeLog(dir, ID)).toEqual([]);
    await utimes(segment(2), 1, 1);
    expect(ids(await readWholeLog(dir, ID))).toEqual([1, 2]);

    const third = await openLogAppender(dir, ID);
    expect(third.resume).toEqual(point(2));
    await third.append(lines(3, 3), point(3));
    await third.close();
    // It was not dead.
    await appendFile(segment(2), '{"ends":[0]}\n{"id":"9","text":"late"}\n{"commit":{"at":0,"lastId":9}}\n');
    expect(ids(await readWholeLog(dir, ID))).toEqual([1, 2, 3]);
  });

  it('and had no commit yet, is followed from the one before it', async () => {
    const first = await openLogAppender(dir, ID);
    await first.append(lines(1, 2), point(2, { stdout: 'begun' }));
    await (await openLogAppender(dir, ID)).close();
    await (await openLogAppender(dir, ID)).close();
    const last = await openLogAppender(dir, ID);
    expect(last.resume).toEqual(point(2, { stdout: 'begun' }));
    await last.append(lines(3, 3), point(3));
    await last.close();
    await first.close();
    expect(ids(await readWholeLog(dir, ID))).toEqual([1, 2, 3]);
  });
});

describe('a former writer that was only frozen', () => {
  it('finds out at its next write, and nobody reads what it wrote', async () => {
    const frozen = await openLogAppender(dir, ID);
    await frozen.append(lines(1, 2), point(2));
    const reader = openLogReader(dir, ID, '0');
    expect(ids(await reader.next())).toEqual([1, 2]);
    const second = await openLogAppender(dir, ID);
    await expect(
      frozen.append(
        lines(3, 9, () => 'late'),
        point(9),
      ),
    ).rejects.toThrow(LogTakenOver);
    expect(await reader.next()).toEqual([]);
    await second.append(lines(3, 4), point(4));
    await expect(
      frozen.append(
        lines(10, 11, () => 'later'),
        point(11),
      ),
    ).rejects.toThrow(LogTakenOver);
    expect((await reader.next()).map(({ text }) => text)).toEqual(['line 3', 'line 4']);
    expect(ids(await readWholeLog(dir, ID))).toEqual([1, 2, 3, 4]);
    const third = await openLogAppender(dir, ID);
    expect(third.resume).toEqual(point(4));
    await expect(second.append(lines(5, 5), point(5))).rejects.toThrow(LogTakenOver);
    for (const appender of [frozen, second, third]) await appender.close();
  });

  it('and two successors at once leave one of them in charge', async () => {
    const frozen = await openLogAppender(dir, ID);
    await frozen.append(lines(1, 2), point(2));
    const both = await Promise.all([openLogAppender(dir, ID), openLogAppender(dir, ID)]);
    expect(both.map(({ resume }) => resume)).toEqual([point(2), point(2)]);
    const tried = await Promise.allSettled(both.map((appender, i) => appender.append([line(3, `by ${i}`)], point(3))));
    expect(tried.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const winner = tried.findIndex(({ status }) => status === 'fulfilled');
    expect((await readWholeLog(dir, ID)).map(({ text }) => text)).toEqual(['line 1', 'line 2', `by ${winner}`]);
    for (const appender of [frozen, ...both]) await appender.close();
  });
});

describe('a line that has begun', () => {
  it('is resumed whole, though only what is new of it is written each time', async () => {
    const appender = await openLogAppender(dir, ID);
    let text = '';
    for (let i = 1; i <= 300; i++) {
      text += `${i}é`;
      await appender.append(
        i % 3 === 0 ? [line(i / 3, 'other')] : [],
        point(Math.floor(i / 3), { stdout: text, stderr: 'as it is' }),
      );
    }
    await appender.close();
    expect(await logSize(dir, ID)).toBeLessThan(300 * 200);
    const next = await openLogAppender(dir, ID);
    expect(next.resume?.tails).toEqual({ stdout: text, stderr: 'as it is' });
    await next.append([line(101, 'x')], point(101, { stdout: 'new', stderr: 'as it is' }));
    await next.close();
    const last = await openLogAppender(dir, ID);
    expect(last.resume?.tails).toEqual({ stdout: 'new', stderr: 'as it is' });
    await last.close();
  });
});

describe('reading a log while it is written', () => {
  it('gives every record once and in order, across two changes of the writer', async () => {
    const reader = openLogReader(dir, ID, '0');
    const seen: number[] = [];
    const readAll = async () => {
      for (let page = await reader.next(); page.length > 0; page = await reader.next()) seen.push(...ids(page));
    };
    let last = 0;
    const written = new AbortController();
    const reading = (async () => {
      while (!written.signal.aborted) await readAll();
      await readAll();
    })();
    for (let writer = 0; writer < 3; writer++) {
      const appender = await openLogAppender(dir, ID);
      expect(appender.resume?.lastId ?? 0).toBe(last);
      for (let batch = 0; batch < 50; batch++) {
        await appender.append(lines(last + 1, last + 20), point(last + 20));
        last += 20;
      }
      await appender.close();
    }
    written.abort();
    await reading;
    expect(seen).toEqual(upTo(3_000));
  });

  it('goes on after any record of a long log, whatever lines lie around it', async () => {
    let last = 0;
    for (let writer = 0; writer < 3; writer++) {
      const appender = await openLogAppender(dir, ID);
      for (const size of [1, 40, 300, 2, 900]) {
        const text = (id: number): string => 'x'.repeat(id % 97 === 0 ? 60_000 : id % 300);
        await appender.append(
          lines(last + 1, last + size, text),
          point(last + size, { stdout: 'y'.repeat(size * 50) }),
        );
        last += size;
      }
      await appender.close();
    }
    for (let after = 0; after <= last; after += 53) {
      const first = await openLogReader(dir, ID, `${after}`).next();
      expect(ids(first)[0]).toBe(after + 1);
    }
    expect(ids(await readWholeLog(dir, ID, '700'))).toEqual(upTo(last).slice(700));
    expect(await openLogReader(dir, ID, `${last}`).next()).toEqual([]);
    expect(await openLogReader(dir, ID, '999999999').next()).toEqual([]);
  });

  it('takes a log of 50 MB page by page in bounded memory', async () => {
    const appender = await openLogAppender(dir, ID);
    const text = 'x'.repeat(900);
    for (let last = 0; last < 50_000; last += 2_500) {
      await appender.append(
        lines(last + 1, last + 2_500, () => text),
        point(last + 2_500),
      );
    }
    await appender.close();
    expect(await logSize(dir, ID)).toBeGreaterThan(48_000_000);
    const { count, last, rssGrowthMb, pages } = await readInChild();
    expect({ count, last }).toEqual({ count: 50_000, last: '50000' });
    expect(pages).toBeGreaterThanOrEqual(100);
    expect(rssGrowthMb).toBeLessThan(40);
  });

  it('says so when a record cannot be read', async () => {
    const appender = await openLogAppender(dir, ID);
    await appender.append([line(1, 'fine')], point(1));
    await appender.close();
    const text = await readFile(segment(1), 'utf8');
    await writeFile(segment(1), text.replace('"stream"', '"str'));
    await expect(readWholeLog(dir, ID)).rejects.toThrow(/JSON/);
  });
});

describe('the mark that a command has started', () => {
  it('is set once in a session’s life, whoever tries', async () => {
    const tries = await Promise.all(['sbx_a', 'sbx_b', 'sbx_c'].map((id) => markStarted(dir, ID, id)));
    expect(tries.toSorted()).toEqual(['first', 'other', 'other']);
    const winner = ['sbx_a', 'sbx_b', 'sbx_c'][tries.indexOf('first')] ?? '';
    expect(await markStarted(dir, ID, winner)).toBe('same');
    expect(await markStarted(dir, ID, 'sbx_d')).toBe('other');
    expect(await readWholeLog(dir, ID)).toEqual([]);
  });
});

/** Reads the log in a process of its own, whose memory nobody else uses; with a garbage collector that may not dawdle. */
async function readInChild(): Promise<{ count: number; last: string; rssGrowthMb: number; pages: number }> {
  const reader = new URL('../../src/logs/log-reader.ts', import.meta.url).href;
  const program = `
    import { openLogReader } from ${JSON.stringify(reader)};
    const log = openLogReader(${JSON.stringify(dir)}, ${JSON.stringify(ID)}, '0');
    const before = process.memoryUsage().rss;
    let [count, last, pages, most] = [0, '', 0, before];
    for (let page = await log.next(); page.length > 0; page = await log.next()) {
      count += page.length; last = page.at(-1).id; pages++;
      if (page.length > 500) throw new Error('too long a page');
      most = Math.max(most, process.memoryUsage().rss);
    }
    console.log(JSON.stringify({ count, last, pages, rssGrowthMb: (most - before) / 1e6 }));`;
  const child = spawn(process.execPath, ['--max-semi-space-size=1', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  for await (const chunk of child.stdout) out += String(chunk);
  return JSON.parse(out) as Awaited<ReturnType<typeof readInChild>>;
}
