import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/eventually.ts';
import { WEBHOOK_SECRET, type WebhookReceiver } from '../../support/webhook-receiver.ts';
import type { FaultCase } from '../fault-case.ts';

const AWAY_MS = 2_000;
const TOLD_TIMEOUT_MS = 40_000;
/** A try whose sender died is another sender's after 30 s. */
const TOLD_AGAIN_TIMEOUT_MS = 60_000;
const STEPS = ['running', 'ended', 'settled'];

export const webhookCases: FaultCase[] = [
  {
    // The receiver has what it was sent, and its sender dies before it knows; then what holds the outbox dies, too.
    name: 'webhook.worker_and_redis_killed_while_telling',
    survivable: true,
    async run({ receiver, stack, workload }) {
      receiver.answer = () => undefined;
      const ids = await workload.startMany(3, { webhook: { url: receiver.url, secret: WEBHOOK_SECRET } });
      const told = (): string[] => receiver.received.map((one) => one.id);
      await eventually(told, (seen) => seen.length >= ids.length, { timeoutMs: TOLD_TIMEOUT_MS });
      const unanswered = told();
      await stack.stop('worker', 'SIGKILL');
      await stack.redis.kill();
      receiver.answer = (_received, res) => void res.writeHead(204).end();
      await sleep(AWAY_MS);
      await stack.redis.restart();
      const wanted = [...ids.flatMap((id) => STEPS.map((step) => `msg_${id}_${step}`)), ...unanswered];
      await eventually(told, (seen) => missing(wanted, seen).length === 0, { timeoutMs: TOLD_AGAIN_TIMEOUT_MS });
      const wrong = [...contradictions(receiver), ...told().filter((id) => !wanted.includes(id))];
      if (wrong.length > 0) throw new Error(`the receiver was told wrongly of ${wrong.join(', ')}`);
    },
  },
];

/** Of the wanted ids, each as often as it is wanted, those that were not seen as often. */
function missing(wanted: string[], seen: string[]): string[] {
  const left = [...seen];
  return wanted.filter((id) => {
    const at = left.indexOf(id);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}

/** Ids of messages that were no webhook by the standard, or came with two different bodies. */
function contradictions({ received }: WebhookReceiver): string[] {
  const first = new Map<string, string>();
  return received.flatMap(({ id, text, body }) => {
    const before = first.get(id) ?? text;
    first.set(id, before);
    return body === null || before !== text ? [id] : [];
  });
}
