import { execFileSync } from 'node:child_process';
import { appendFile, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import type { NetworkDecision } from '../../src/egress/decisions/decision.ts';
import { openDecisionLog, type DecisionLog } from '../../src/egress/decisions/decision-log.ts';
import { advance, readDecisions } from '../../src/egress/decisions/decision-reader.ts';

const log = pino({ level: 'silent' });
const decision = (port: number, reason: string | null = null): NetworkDecision => ({
  atMs: 1,
  host: 'a.example.com',
  port,
  verdict: 'allowed',
  reason,
});

async function place(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'dp-decisions-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function opened(dir: string): Promise<DecisionLog> {
  const found = await openDecisionLog(dir, log);
  onTestFinished(() => found.close().catch(() => undefined));
  return found;
}

/** Reads what is new and says that it is told. */
async function take(dir: string): Promise<unknown[]> {
  const { lines, to } = await readDecisions(dir);
  await advance(dir, to);
  return lines.map((line) => ('port' in line ? line.port : line));
}

it('has a decision in the file as soon as it is written, in order, each to be read once', async () => {
  const dir = await place();
  const decisions = await opened(dir);
  await decisions.write(decision(1));
  expect(await take(dir)).toEqual([1]);
  await Promise.all([2, 3, 4].map((port) => decisions.write(decision(port))));
  expect(await take(dir)).toEqual([2, 3, 4]);
  expect(await take(dir)).toEqual([]);
});

it('goes on in a new file after a gateway that died, also in the middle of a line, which is not passed over in silence', async () => {
  const dir = await place();
  await (await opened(dir)).write(decision(1));
  expect(await take(dir)).toEqual([1]);
  await appendFile(join(dir, '1.ndjson'), '{"atMs":1,"ho');
  expect(await take(dir)).toEqual([]);
  await (await opened(dir)).write(decision(2));
  expect(await take(dir)).toEqual([{ atMs: expect.any(Number), omitted: null }, 2]);
  expect((await readdir(dir)).toSorted()).toEqual(['2.ndjson', 'position.json']);
});

it('tells it all again to a worker whose predecessor died before it said how far it was', async () => {
  const dir = await place();
  const decisions = await opened(dir);
  await decisions.write(decision(1));
  await readDecisions(dir);
  await decisions.write(decision(2));
  expect(await take(dir)).toEqual([1, 2]);
  await writeFile(join(dir, 'position.json'), 'torn');
  expect(await take(dir)).toEqual([1, 2]);
});

it('takes 2 MiB at most from a flood, says so, and counts the rest until there is room', async () => {
  const dir = await place();
  const decisions = await opened(dir);
  const flood = 30_000;
  for (let i = 0; i < flood; i += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, j) => decisions.write(decision(i + j + 1, 'x'.repeat(40)))));
  }
  const { lines, to } = await readDecisions(dir);
  expect(lines.at(-1)).toMatchObject({ omitted: null });
  const kept = lines.filter((line) => 'port' in line).length;
  expect(kept).toBeGreaterThan(10_000);
  expect(kept).toBeLessThan(20_000);
  await advance(dir, to);
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  await decisions.write(decision(1));
  expect(await take(dir)).toEqual([{ atMs: expect.any(Number), omitted: flood - kept }, 1]);
});

it('lets nobody wait for a disk that takes nothing: it counts, and does not fail', async () => {
  const dir = await place();
  const decisions = await opened(dir);
  await decisions.close();
  await expect(decisions.write(decision(1))).resolves.toBeUndefined();
});

it('does not open where its worker has made no place, and nothing is there to read after it was taken away', async () => {
  const dir = await place();
  await rm(dir, { recursive: true });
  await expect(openDecisionLog(dir, log)).rejects.toThrow('ENOENT');
  expect((await readDecisions(dir)).lines).toEqual([]);
});

it('does not have its reader follow a link, wait for a pipe, or read without end, whatever a gateway puts there', async () => {
  const dir = await place();
  const outside = join(await place(), 'of-the-worker');
  await writeFile(outside, '{"segment":7,"at":0,"told":9}');
  await symlink(outside, join(dir, 'position.json.tmp'));
  await symlink(outside, join(dir, 'position.json'));
  expect((await readDecisions(dir)).from).toEqual({ segment: 0, at: 0, told: 0 });
  await advance(dir, { segment: 1, at: 0, told: 3 });
  expect(await readFile(outside, 'utf8')).toContain('"told":9');
  expect((await readDecisions(dir)).from.told).toBe(3);

  await symlink(outside, join(dir, '1.ndjson'));
  await expect(readDecisions(dir)).rejects.toThrow('ELOOP');
  await rm(join(dir, '1.ndjson'));
  // Opening one for reading would wait for a writer.
  execFileSync('mkfifo', [join(dir, '1.ndjson')]);
  await readDecisions(dir).catch(() => undefined);
  await rm(join(dir, '1.ndjson'));

  await writeFile(join(dir, '1.ndjson'), '');
  await truncate(join(dir, '1.ndjson'), 2 ** 40);
  expect((await readDecisions(dir)).lines).toEqual([]);
  for (let i = 2; i <= 100; i++) await writeFile(join(dir, `${i}.ndjson`), '{"atMs":1,"omitted":null}\n');
  await rm(join(dir, '1.ndjson'));
  expect((await readDecisions(dir)).lines).toHaveLength(16);
});

it('reads of a flood of lines no more than its worker can do beside its work, says so, and goes on behind it', async () => {
  const dir = await place();
  await writeFile(join(dir, '1.ndjson'), '\n'.repeat(1024 * 1024));
  await writeFile(join(dir, '2.ndjson'), `${JSON.stringify(decision(2))}\n`);
  const { lines, to } = await readDecisions(dir);
  expect(lines.length).toBeLessThan(40_000);
  expect(lines.at(-1)).toMatchObject({ omitted: null });
  await advance(dir, to);
  expect(await take(dir)).toEqual([2]);
});
