import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { openLogAppender } from '../../../src/logs/log-appender.ts';
import { LogWriter } from '../../../workers/log/log-writer.ts';
import { readWholeLog } from '../../support/logs.ts';

it('a disk that is full in the middle of a write is tried again, whoever writes waits, and nothing is lost', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'daypass-logs-'));
  const appender = await openLogAppender(dir, 'ses_full');
  let left = 2;
  const full = new LogWriter({
    appender: {
      append: async (records, resume) => {
        if (left-- <= 0) return appender.append(records, resume);
        await appendFile(join(dir, 'ses_full', '1.ndjson'), '{"id":"1","ti');
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      },
    },
    source: 'sbx_1',
    from: { at: 0, lastId: 0 },
    snapshot: () => ({ state: {}, tails: {} }),
    onStored: () => undefined,
    log: pino({ level: 'silent' }),
  });
  const time = '2026-01-01T00:00:00.000Z';
  for (let i = 1; i <= 100; i++) {
    full.add([{ time, stream: 'stdout', text: `${i} ${'x'.repeat(60_000)}` }], i * 60_016);
    await full.room();
  }
  await full.flushed();
  await appender.close();
  const records = await readWholeLog(dir, 'ses_full');
  expect(records.map(({ id, text }) => [id, text.split(' ')[0]])).toEqual(
    Array.from({ length: 100 }, (_, i) => [`${i + 1}`, `${i + 1}`]),
  );
  await rm(dir, { recursive: true });
});
