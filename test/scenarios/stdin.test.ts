import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keys } from '../../src/store/keys.ts';
import { readSession } from '../../src/store/records.ts';
import { connectPatientRedis, type Redis } from '../../src/store/redis.ts';
import { nothingLeft, startStack, type Stack } from '../support/stack.ts';
import { createRepo, logOf, settled, startSession } from './session.ts';

const MIB = 1024 * 1024;

let stack: Stack;
let repo: string;
let redis: Redis;
beforeAll(async () => {
  stack = await startStack();
  repo = await createRepo(stack);
  redis = connectPatientRedis(stack.redis.url);
});
afterAll(async () => {
  redis?.disconnect();
  await stack?.[Symbol.asyncDispose]();
});

async function outcomeOf(stdin: object | undefined, script: string) {
  const body = { repos: [{ id: repo }], command: ['sh', '-c', script], ...(stdin && { stdin }) };
  const { id } = await startSession(stack, body);
  const { status, exitCode } = await settled(stack, id);
  return { id, status, exitCode, log: await logOf(stack, id) };
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

test.each([
  ['text', { text: 'Füge "ü" ein.\n$(exit 3)\n' }, Buffer.from('Füge "ü" ein.\n$(exit 3)\n')],
  [
    'bytes of every value',
    { base64: Buffer.from([0, 255, 10, 13, 0, 128]).toString('base64') },
    Buffer.from([0, 255, 10, 13, 0, 128]),
  ],
  ['nothing', { text: '' }, Buffer.alloc(0)],
  ['nothing, as none is given', undefined, Buffer.alloc(0)],
])('a command reads exactly what it was given and then the end: %s', async (_, stdin, bytes) => {
  const { status, log } = await outcomeOf(stdin, 'sha256sum; wc -c');
  expect(status).toBe('succeeded');
  expect(log).toContain(sha256(bytes));
  expect(log).toMatch(/^0$/m);
});

test('exactly 1 MiB arrives whole, is beside the record as long as the session lives, and nowhere after it', async () => {
  const bytes = randomBytes(MIB);
  const command = ['sh', '-c', 'sha256sum; until [ -e /tmp/go ]; do sleep 0.1; done'];
  const stdin = { base64: bytes.toString('base64') };
  const { id } = await startSession(stack, { repos: [{ id: repo }], command, stdin, timeoutSeconds: 120 });
  expect(await redis.exists(keys.stdin(id))).toBe(1);
  expect((await redis.get(keys.session(id)))?.length).toBeLessThan(4_000);
  expect(await readSession(redis, id)).toMatchObject({ stdin: { bytes: MIB, secret: false } });
  const answers = await Promise.all(['/v1/sessions', `/v1/sessions/${id}`].map((path) => stack.call('GET', path)));
  for (const answer of answers) expect(await answer.text()).not.toMatch(/"stdin"|"secret"/);
  await stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 0 });
  await settled(stack, id);
  expect(await redis.exists(keys.stdin(id))).toBe(0);
  const { log } = await outcomeOf(stdin, 'sha256sum');
  expect(log).toContain(sha256(bytes));
});

test('a command that reads nothing of it, or only its beginning, ends as any other', async () => {
  const stdin = { base64: randomBytes(MIB).toString('base64') };
  expect(await outcomeOf(stdin, 'exit 3')).toMatchObject({ status: 'failed', exitCode: 3 });
  expect(await outcomeOf(stdin, 'head -c 10 | wc -c')).toMatchObject({
    status: 'succeeded',
    log: expect.stringContaining('10'),
  });
});

test('one that is secret reaches the command, is masked line by line in the log, and is erased after the end', async () => {
  const text = 'obviously-fake-first-line\nobviously-fake-second-line\n';
  const { id, log } = await outcomeOf({ text, secret: true }, 'tee /tmp/got; wc -c < /tmp/got; env | grep -c stdin');
  expect(log).toContain(String(text.length));
  expect(log).not.toContain('obviously-fake');
  // It is no variable.
  expect(log).toMatch(/^0$/m);
  expect(await readSession(redis, id)).toMatchObject({ sealedSecrets: null, stdin: { secret: true } });
  expect(await redis.exists(keys.stdin(id))).toBe(0);
  expect(await nothingLeft(stack)).toEqual([]);
});

test.each([false, true])(
  'a worker that takes over before the command starts gives it the same input, once; secret: %s',
  async (secret) => {
    await stack.stop('worker');
    await stack.start('worker', { DAYPASS_FAILPOINTS: 'worker.cloned=kill' });
    const text = 'a line of a test\n'.repeat(2_000);
    const stdin = { text, secret };
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sha256sum'], stdin });
    await stack.process('worker').exited;
    await stack.start('worker');
    expect(await settled(stack, id)).toMatchObject({ status: 'succeeded' });
    expect(await logOf(stack, id)).toContain(sha256(Buffer.from(text)));
  },
);
