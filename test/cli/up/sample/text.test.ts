import { expect, test } from 'vitest';
import { failureLines } from '../../../../src/cli/up/commands/failure-lines.ts';
import { welcome } from '../../../../src/cli/up/commands/welcome.ts';
import { readEvents } from '../../../../src/cli/up/installation/server-events.ts';
import { detailText } from '../../../../src/cli/up/sample/follow-session.ts';
import { receiptText } from '../../../../src/cli/up/sample/receipt.ts';

test('an event is shown with its plain values, and without those that have parts', () => {
  expect(detailText({ exitCode: 0, status: 'succeeded', parts: { a: 1 }, nothing: null })).toBe(
    ' (exitCode 0, status succeeded)',
  );
  expect(detailText({})).toBe('');
});

test('a receipt says what was given, and that it was seen to be refused', () => {
  const time = '2026-01-01T00:00:00.000Z';
  const receipt = {
    sessionId: 'ses_1',
    final: true,
    provider: 'relace',
    tokenState: 'revoked' as const,
    fingerprint: '0123456789ab',
    formerTokens: [],
    repoIds: ['a', 'b'],
    attempts: 1,
    signature: null,
  };
  const times = {
    mintedAt: time,
    deliveredAt: time,
    endedAt: time,
    revokedAt: time,
    verifiedAt: time,
    revocationMs: 12,
  };
  const text = receiptText({ ...receipt, ...times }).join('\n');
  expect(text).toContain('0123456789ab (relace)');
  expect(text).toContain('a, b');
  expect(text).toContain('(1 call)');
  expect(text).toContain('(12 ms after the wish)');
});

test('the messages of a stream are read wherever its bytes are cut', async () => {
  const bytes = Buffer.from(': hello\n\nid: 1\ndata: {"text":"ü"}\n\nevent: end\ndata: {}\n\n');
  const cut = ReadableStream.from(Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1)));
  expect(await Array.fromAsync(readEvents(cut as ReadableStream<Uint8Array>))).toEqual([
    { event: 'message', data: { text: 'ü' } },
    { event: 'end', data: {} },
  ]);
});

test('the request to try is one that the shell passes on as it is', () => {
  const line = welcome({ apiUrl: 'http://127.0.0.1:7070', apiKey: 'dp_x', repoId: 'r' }).find((l) =>
    l.includes('curl'),
  );
  const body = /-d '(.*)'$/.exec(line ?? '')?.[1] ?? '';
  expect(JSON.parse(body)).toMatchObject({ repos: [{ id: 'r' }] });
});

test('a failure is followed by the end of the log of the role that had errors', () => {
  const tails: Record<string, string[]> = {
    minter: ['{"level":50,"msg":"refused"}'],
    worker: ['{"level":30,"msg":"ok"}'],
  };
  const lines = failureLines(new Error('it failed'), { tailOf: (role) => tails[role] ?? [] });
  expect(lines).toEqual(['✗ it failed', 'The end of the log of minter:', '  {"level":50,"msg":"refused"}']);
});
