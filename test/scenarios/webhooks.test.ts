import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { nothingLeft, startStack, type Stack } from '../support/stack.ts';
import { startReceiver, WEBHOOK_SECRET, type WebhookReceiver } from '../support/webhook-receiver.ts';
import { createRepo, getSession, settled, startSession } from './session.ts';

let receiver: WebhookReceiver;
let stack: Stack;

beforeAll(async () => {
  receiver = await startReceiver();
  stack = await startStack({
    DAYPASS_WEBHOOK_PRIVATE_HOSTS: receiver.host,
    DAYPASS_WEBHOOK_CA_FILE: receiver.certificateFile,
  });
});
afterAll(async () => {
  await stack?.[Symbol.asyncDispose]();
  await receiver?.[Symbol.asyncDispose]();
});

test('a receiver is told of a whole session, also when its sender is killed in the middle of telling', async () => {
  const repo = await createRepo(stack);
  const held = Promise.withResolvers<void>();
  receiver.answer = ({ body }, res) => {
    // The sender is killed before it has this answer.
    if (body?.type === 'session.ended') return held.resolve();
    res.writeHead(204).end();
  };
  const { id } = await startSession(stack, {
    repos: [{ id: repo }],
    command: ['sh', '-c', 'echo done'],
    webhook: { url: receiver.url, secret: WEBHOOK_SECRET },
  });
  await held.promise;
  await stack.stop('worker', 'SIGKILL');
  receiver.answer = (_received, res) => void res.writeHead(204).end();
  await stack.start('worker');
  await settled(stack, id);
  const ids = (): string[] => receiver.received.map((one) => one.id);
  await eventually(
    async () => ids().filter((one) => one === `msg_${id}_ended`),
    (found) => found.length === 2,
    { timeoutMs: 60_000 },
  );
  const ended = receiver.received.filter((one) => one.id === `msg_${id}_ended`);
  expect(ended[0]?.text).toBe(ended[1]?.text);
  expect(ended.every(({ body }) => body?.data['status'] === 'succeeded')).toBe(true);
  await eventually(
    async () => ids(),
    (found) => found.includes(`msg_${id}_settled`),
    { timeoutMs: 30_000 },
  );
  const session = (await eventually(
    () => getSession(stack, id),
    (now) => (now as unknown as { webhook: { waiting: number } }).webhook.waiting === 0,
  )) as unknown as { webhook: unknown };
  expect(session.webhook).toMatchObject({
    url: `https://${receiver.host}/…`,
    delivered: 3,
    failed: 0,
    lastStatus: 204,
    lastError: null,
  });
  expect(JSON.stringify(session)).not.toContain('obviously-fake');
  expect(new Set(ids())).toEqual(new Set([`msg_${id}_running`, `msg_${id}_ended`, `msg_${id}_settled`]));
  for (const role of ['api', 'worker', 'minter'] as const) {
    expect(stack.process(role).lines().join('\n')).not.toMatch(/obviously-fake|whsec_/);
  }
  await nothingLeft(stack);
}, 150_000);
