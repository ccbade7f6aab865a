import { maskedForms } from '../../../src/token/redactor.ts';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadWorkerConfig } from '../../../src/config.ts';
import type { LogRecord } from '../../../src/session/log-record.ts';
import { Secret } from '../../../src/token/secret.ts';
import { Leave } from '../../../workers/leave.ts';
import { openLog } from '../../../workers/log/session-log.ts';
import { eventually } from '../../support/eventually.ts';
import { readWholeLog } from '../../support/logs.ts';
import { useTestRedis } from '../../support/redis.ts';

/** What came in pieces, as a slow machine makes them, put together where its last one is. */
function wholeLines(records: LogRecord[]): (readonly [string, string])[] {
  const begun: Partial<Record<string, string>> = {};
  const lines = records.flatMap(({ stream, text, code, partial }) => {
    const whole = (begun[stream] ?? '') + text;
    begun[stream] = partial ? whole : '';
    return partial ? [] : [[code ?? stream, whole] as const];
  });
  return [...lines, ...Object.entries(begun).flatMap(([stream, text]) => (text ? [[stream, text] as const] : []))];
}

describe('the log of a session', () => {
  const own = useTestRedis();
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'daypass-logs-'));
  });
  afterAll(async () => rm(dir, { recursive: true, force: true }));

  const open = async (id: string, settings: Record<string, string> = {}, sandboxId = 'sbx_1') => {
    const config = loadWorkerConfig({ DAYPASS_REDIS_URL: own.server.url, DAYPASS_LOG_DIR: dir, ...settings });
    const log = await openLog({ redis: own.redis, config, log: pino({ level: 'silent' }) }, id, sandboxId);
    const lines = async () => wholeLines(await readWholeLog(dir, id));
    return { log, lines };
  };
  const bytes = (text: string): Buffer => Buffer.from(text);
  const secret = new Secret('SECRETVALUE1234567890');

  it('has every line in order, masked, with the last one though it has no line break', async () => {
    const { log, lines } = await open('ses_whole');
    log.mask(maskedForms([secret]));
    await log.agent('stdout', bytes('a SECRETVALUE1234'), 0, 33);
    await log.agent('stdout', bytes('567890 b\nlast'), 1, 62);
    await log.close({ complete: true });
    expect(await lines()).toEqual([
      ['stdout', 'a [secret] b'],
      ['stdout', 'last'],
    ]);
  });

  it('gives a prompt before the state of a clone that fell silent a moment earlier', async () => {
    const { log } = await open('ses_prompt');
    log.mask(maskedForms([]));
    await log.step(bytes('Receiving objects:  1%\rReceiving objects:  2%\r'), 0, 48);
    await log.agent('stdout', bytes('Continue? '), 1, 74);
    const given = await eventually(
      () => readWholeLog(dir, 'ses_prompt'),
      (records) => records.some(({ stream }) => stream === 'stdout'),
    );
    expect(given.filter(({ text }) => text.includes(' 2%'))).toEqual([]);
    await log.close({ complete: true });
  });

  it('reads a new sandbox from its beginning, after the lines of the one that never ran the command', async () => {
    const first = await open('ses_two', {}, 'sbx_1');
    first.log.mask(maskedForms([]));
    await first.log.step(bytes('cloning\n'), 0, 24);
    await first.log.close({ complete: true });
    expect((await open('ses_two', {}, 'sbx_1')).log.resumeAt).toBe(24);
    const second = await open('ses_two', {}, 'sbx_2');
    expect(second.log.resumeAt).toBe(0);
    second.log.mask(maskedForms([secret]));
    await second.log.agent('stdout', bytes('at work\n'), 0, 24);
    await second.log.close({ complete: true });
    expect(await second.lines()).toEqual([
      ['step_output', 'cloning'],
      ['stdout', 'at work'],
    ]);
  });

  it('drops half a secret and says so when the rest of the output did not come', async () => {
    const { log, lines } = await open('ses_cut');
    log.mask(maskedForms([secret]));
    await log.agent('stdout', bytes('whole\na SECRETVALUE1234'), 0, 39);
    await log.close({ complete: false });
    await log.agent('stdout', bytes('567890 b\n'), 1, 64);
    expect(await lines()).toEqual([
      ['stdout', 'whole'],
      ['log_cut', 'The log ends here: the rest of the output did not arrive in time.'],
    ]);
  });

  it('counts empty lines against its limit, as each takes room on the disk', async () => {
    const { log, lines } = await open('ses_empty', { DAYPASS_LOG_LIMIT_MB: '1' });
    for (let i = 1; i <= 10; i++) await log.agent('stdout', Buffer.alloc(2_000, '\n'), 0, i * 2_016);
    await log.close({ complete: true });
    const found = await lines();
    expect(found.length).toBeLessThan(11_000);
    expect(found.filter(([code]) => code === 'log_capped').length).toBe(1);
    expect(found.at(-1)?.[0]).toBe('log_capped');
  });

  it('stays ended at its limit, also for a worker that has a higher one', async () => {
    const first = await open('ses_capped', { DAYPASS_LOG_LIMIT_MB: '1' });
    await first.log.agent('stdout', Buffer.alloc(30_000, '\n'), 0, 30_016);
    await first.log.close({ complete: true });
    const before = await first.lines();
    const second = await open('ses_capped', { DAYPASS_LOG_LIMIT_MB: '2' });
    await second.log.agent('stdout', bytes('more\n'), 0, 30_037);
    await second.log.close({ complete: true });
    expect(await second.lines()).toEqual(before);
  });

  it('goes on in another worker with half a secret and half a line, of which the disk never had a byte in clear', async () => {
    const first = await open('ses_resumed');
    first.log.mask(maskedForms([secret]));
    const stored: number[] = [];
    first.log.onStored((at) => stored.push(at));
    await first.log.agent('stdout', bytes('one\nkey: SECRETVALUE123'), 0, 40);
    await first.log.system('note', 'said');
    const second = await open('ses_resumed');
    expect(second.log.resumeAt).toBe(stored.at(-1));
    expect(second.log.resumeAt).toBe(40);
    await expect(second.log.agent('stdout', bytes('x'), 1, 57)).rejects.toThrow('before the secrets');
    second.log.mask(maskedForms([secret]));
    await second.log.agent('stdout', bytes('4567890!\n'), 1, 65);
    await expect(first.log.close({ complete: false })).rejects.toThrow(Leave);
    await expect(first.log.agent('stdout', bytes('late\n'), 1, 62)).resolves.toBeUndefined();
    await second.log.close({ complete: true });
    expect(await second.lines()).toEqual([
      ['stdout', 'one'],
      ['note', 'said'],
      ['stdout', 'key: [secret]!'],
    ]);
    for (const name of await readdir(join(dir, 'ses_resumed'))) {
      expect(await readFile(join(dir, 'ses_resumed', name), 'utf8')).not.toContain('SECRETV');
    }
  });

  it('covers what was held back, and the rest of its line, when other forms are masked by now', async () => {
    const first = await open('ses_newer');
    first.log.mask(maskedForms([secret]));
    await first.log.agent('stdout', bytes('one\nkey: SECRETVALUE123'), 0, 40);
    await first.log.close({ complete: false });
    const second = await open('ses_newer');
    second.log.mask(maskedForms([secret, new Secret('another-form-of-it')]));
    await second.log.agent('stdout', bytes('4567890!'), 1, 64);
    // The cover is remembered too.
    await second.log.close({ complete: false });
    const third = await open('ses_newer');
    third.log.mask(maskedForms([secret, new Secret('another-form-of-it')]));
    await third.log.agent('stdout', bytes(' rest\nand SECRETVALUE1234567890\n'), 1, 64);
    await third.log.close({ complete: true });
    expect((await third.lines()).filter(([stream]) => stream === 'stdout')).toEqual([
      ['stdout', 'one'],
      ['stdout', 'key: [secret]'],
      ['stdout', 'and [secret]'],
    ]);
  });

  it('makes a command that writes too fast wait, says so once, and leaves nothing out', async () => {
    const { log, lines } = await open('ses_fast', { DAYPASS_LOG_RATE_KB_PER_SECOND: '100' });
    const began = performance.now();
    for (let i = 1; i <= 20; i++)
      await log.agent('stdout', Buffer.alloc(10_240, `${'x'.repeat(1_023)}\n`), 0, i * 10_256);
    // 200 KB at 100 KB a second, of which the first second's may come at once.
    expect(performance.now() - began).toBeGreaterThan(900);
    await log.close({ complete: true });
    const found = await lines();
    expect(found.filter(([stream]) => stream === 'stdout').length).toBe(200);
    expect(found.filter(([code]) => code === 'log_throttled').length).toBe(1);
  });
});
