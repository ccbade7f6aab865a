import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createLogger, type Logger } from '../../src/ops/log.ts';
import { createMasks, type Masks } from '../../src/token/masks.ts';
import { Secret } from '../../src/token/secret.ts';

const TOKEN = 'rlcr-0123456789abcdef0123456789abcdef01234567';
const PASSWORD = 'a "quoted" päss\\word/+&';

/** What a process logs, as the lines that it writes. */
function logOf(masks: Masks, write: (log: Logger) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  const sink = new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) });
  const maskOf = (sessionId: string | null) => (sessionId === null ? masks.all : masks.of(sessionId));
  write(createLogger('worker', 'trace', maskOf, sink));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a text from outside is masked with what its session holds, in whatever form, and with nothing of another', () => {
  const masks = createMasks();
  const mask = masks.of('ses_a');
  masks.hold('ses_a', [new Secret(TOKEN), new Secret(PASSWORD)]);
  expect(mask(`${TOKEN}.example.com`)).toBe('[secret].example.com');
  expect(mask(`?q=${encodeURIComponent(PASSWORD)}`)).toBe('?q=[secret]');
  expect(mask(Buffer.from(`x:${TOKEN}`).toString('base64'))).not.toContain('cmxjci0wMTIz');
  expect(masks.of('ses_b')(TOKEN)).toBe(TOKEN);
  expect(masks.all(TOKEN)).toBe('[secret]');
  masks.release('ses_a');
  expect(mask(TOKEN)).toBe(TOKEN);
});

test('an error in the log is masked in every text that it holds, its causes and what a library adds included', () => {
  const masks = createMasks();
  masks.hold('ses_a', [new Secret(TOKEN), new Secret(PASSWORD)]);
  const error = Object.assign(new Error(`git said ${TOKEN}`, { cause: new Error(PASSWORD) }), {
    command: { args: ['SET', PASSWORD, { deep: Buffer.from(TOKEN).toString('hex') }] },
  });
  const both = new AggregateError([error], `two: ${PASSWORD}`);
  const lines = logOf(masks, (log) => {
    log.error({ err: error, sessionId: 'ses_a' }, 'failed');
    log.error({ err: both, sessionId: 'ses_a' });
    log.child({ sessionId: 'ses_a' }).warn({ reason: `because of ${TOKEN}` }, 'failed');
    log.error(error);
  });
  expect(lines).toHaveLength(4);
  expect(JSON.stringify(lines)).not.toMatch(/rlcr-0123|p(ä|\\u00e4)ss|726c63722d30/);
  expect(lines[2]).toMatchObject({ reason: 'because of [secret]', sessionId: 'ses_a' });
});

test('a line about one session has nothing masked by the secrets of another', () => {
  const masks = createMasks();
  masks.hold('ses_b', [new Secret('refused')]);
  const [line] = logOf(masks, (log) =>
    log.warn({ err: new Error('connection refused'), sessionId: 'ses_a' }, 'refused'),
  );
  expect(line).toMatchObject({ msg: 'refused', err: { message: 'connection refused' } });
});

test.each([
  'level',
  'time',
  'role',
  'msg',
  'sessionId',
  'ses_a',
  'worker',
  'message',
  'stack',
  'type',
  'ECONNRESET',
  'code',
])('a secret that says %s leaves every line its names, ids and codes', (word) => {
  const masks = createMasks();
  const error = Object.assign(new TypeError('no such thing'), { code: 'ECONNRESET' });
  const write = (log: Logger): void => log.error({ err: error, sessionId: 'ses_a', step: 'message' }, 'failed');
  const [plain] = logOf(masks, write);
  masks.hold('ses_a', [new Secret(word)]);
  const [masked] = logOf(masks, write);
  const errOf = (line: typeof plain) => line?.['err'] as Record<string, unknown>;
  expect(Object.keys(masked ?? {})).toEqual(Object.keys(plain ?? {}));
  expect({ ...masked, time: '', err: '' }).toEqual({ ...plain, time: '', err: '' });
  expect(Object.keys(errOf(masked))).toEqual(Object.keys(errOf(plain)));
  expect(errOf(masked)).toMatchObject({ type: 'TypeError', code: 'ECONNRESET' });
});
