import { expect, test } from 'vitest';
import { createLogger } from '../../src/ops/log.ts';
import { createMasks } from '../../src/token/masks.ts';
import { Secret } from '../../src/token/secret.ts';

const TOKEN = 'rlcr-0123456789abcdef0123456789abcdef01234567';
const PASSWORD = 'a "quoted" päss\\word/+&';

test('every text of an event is masked for its session, at whatever depth, names of fields too, and of no other session', () => {
  const masks = createMasks();
  masks.hold('ses_a', [new Secret(TOKEN), new Secret(PASSWORD)]);
  const event = {
    type: 'network' as const,
    detail: {
      host: `${TOKEN}.example.com`,
      [TOKEN]: 1,
      deep: [{ said: Buffer.from(`x:${TOKEN}`).toString('base64') }, null, 3, true],
      url: `https://example.com/?q=${encodeURIComponent(PASSWORD)}`,
    },
  };
  const masked = masks.of('ses_a', event);
  expect(masked.detail.host).toBe('[secret].example.com');
  expect(JSON.stringify(masked)).not.toMatch(/rlcr-0123|cmxjci0wMTIz|p%C3%A4ss/);
  expect(masked.detail.deep.slice(1)).toEqual([null, 3, true]);
  expect(masks.of('ses_b', event)).toBe(event);
  masks.release('ses_a');
  expect(masks.of('ses_a', event)).toBe(event);
});

test('a line of the log is masked with what all sessions hold, whatever field or error it stands in', () => {
  const masks = createMasks();
  masks.hold('ses_a', [new Secret(TOKEN)]);
  masks.hold('ses_b', [new Secret(PASSWORD)]);
  const lines: string[] = [];
  const log = createLogger('worker', 'trace', (line) => {
    lines.push(masks.line(line));
    return '';
  });
  log.error({ err: new Error(`git said ${TOKEN}`, { cause: new Error(PASSWORD) }) }, `failed: ${TOKEN}`);
  const deep = { list: [PASSWORD, Buffer.from(TOKEN).toString('hex')] };
  log.child({ sessionId: 'ses_a', [TOKEN]: PASSWORD }).trace({ deep });
  expect(lines).toHaveLength(2);
  expect(lines.join('')).not.toMatch(/rlcr-0123|p(ä|\\u00e4)ss|726c63722d30/);
  for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
});
