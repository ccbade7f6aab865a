import { expect, test } from 'vitest';
import { createLogPrinter } from '../../../src/cli/terminal/log-printer.ts';
import type { Outlet } from '../../../src/cli/terminal/outlet.ts';
import type { LogRecord } from '../../../src/session/log-record.ts';

function outlet(isTerminal: boolean): Outlet & { written: Buffer[]; text: () => string } {
  const written: Buffer[] = [];
  return {
    isTerminal,
    written,
    write: async (text) => void written.push(Buffer.from(text)),
    text: () => Buffer.concat(written).toString('latin1'),
  };
}

const record = (text: string, more: Partial<LogRecord> = {}): LogRecord => ({
  id: '1',
  time: '2026-01-01T00:00:00.000Z',
  stream: 'stdout',
  text,
  ...more,
});

async function printed(isTerminal: boolean, records: LogRecord[]): Promise<{ stdout: string; stderr: string }> {
  const [stdout, stderr] = [outlet(isTerminal), outlet(isTerminal)];
  const printer = createLogPrinter({ stdout, stderr }, { keepsColours: true });
  for (const one of records) await printer.print(one);
  await printer.say('the end');
  return { stdout: stdout.text(), stderr: stderr.text() };
}

const PIECES = [
  record('ask? ', { partial: true }),
  record('\ufffd\u001b[2J\r', { bytes: Buffer.from('ff1b5b324a0d', 'hex').toString('base64') }),
  record('warn', { stream: 'stderr', partial: true }),
  record('', { stream: 'stderr' }),
  record('no end', { partial: true }),
];

test('a pipe gets the very bytes, each stream its own, and no line break that was not there', async () => {
  expect(await printed(false, PIECES)).toEqual({
    stdout: 'ask? \xff\u001b[2J\r\nno end',
    stderr: 'warn\n[daypass] the end\n',
  });
});

test('a terminal gets the pieces as they come, nothing that acts, and our words on lines of their own', async () => {
  const { stdout, stderr } = await printed(true, PIECES);
  expect(Buffer.from(stdout, 'latin1').toString()).toBe('ask? \ufffd\nno end');
  expect(stderr).toBe('warn\n\n[daypass] the end\n');
});

test('the records of an older version, which marked no last line, are printed as they were', async () => {
  expect((await printed(false, [record('one'), record('last')])).stdout).toBe('one\nlast\n');
});
