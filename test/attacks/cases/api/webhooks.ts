import { wrongIn, type Attack } from '../../attack.ts';
import { createRepo, getSession, settled, startSession } from '../../../scenarios/session.ts';
import { eventually } from '../../../support/eventually.ts';
import { WEBHOOK_SECRET } from '../../../support/webhook-receiver.ts';
import type { Arena } from '../../rig/arena.ts';
import { PUBLIC_ADDRESS } from '../../rig/internet.ts';

const area = 'api';

interface Webhook {
  delivered: number;
  failed: number;
  lastStatus: number | null;
  lastError: string | null;
}

/** A session whose steps are told to this URL, as it is once the first try has come to something. */
async function firstTry({ stack }: Arena, url: string): Promise<Webhook> {
  const repos = [{ id: await createRepo(stack) }];
  const { id } = await startSession(stack, { repos, command: ['true'], webhook: { url, secret: WEBHOOK_SECRET } });
  await settled(stack, id);
  const { webhook } = await eventually(
    async () => (await getSession(stack, id)) as unknown as { webhook: Webhook },
    ({ webhook: { delivered, lastError } }) => delivered > 0 || lastError !== null,
    { timeoutMs: 20_000 },
  );
  // It would be tried again for a day.
  await stack.call('DELETE', `/v1/sessions/${id}`);
  return webhook;
}

/** Having Daypass itself knock where a sandbox cannot. */
export const WEBHOOKS: Attack[] = [
  {
    name: 'a webhook is sent on nowhere by its receiver',
    area,
    must: 'A redirect to the inside is a failed try, of whatever kind it is, and is not followed.',
    async run(arena, underWay) {
      underWay();
      const { canary, receiver } = arena;
      const before = canary.connections();
      const wrong: string[] = [];
      for (const status of [301, 302, 303, 307, 308]) {
        receiver.answer = (_received, res) =>
          void res.writeHead(status, { location: `http://127.0.0.1:${canary.port}/stolen` }).end();
        const webhook = await firstTry(arena, receiver.url);
        if (webhook.delivered > 0 || webhook.lastStatus !== status)
          wrong.push(`${status} is taken for ${JSON.stringify(webhook)}`);
      }
      return [...wrong, ...wrongIn([canary.connections() === before, 'the canary was asked'])];
    },
  },
  {
    name: 'a webhook whose name leads inside is never sent',
    area,
    must: 'The name is asked for at the try itself, and one address that is not public is enough.',
    async run(arena, underWay) {
      underWay();
      const { canary, internet } = arena;
      const before = canary.connections();
      const answers = {
        'loop.hook.test': ['127.0.0.1'],
        'mixed.hook.test': [PUBLIC_ADDRESS, '127.0.0.1'],
        'cloud.hook.test': ['169.254.169.254'],
        'mapped.hook.test': ['::ffff:127.0.0.1'],
      };
      const wrong: string[] = [];
      for (const [name, addresses] of Object.entries(answers)) {
        await internet.serve(name, addresses);
        const webhook = await firstTry(arena, `https://${name}:${canary.port}/stolen`);
        if (!webhook.lastError?.includes('not public')) wrong.push(`${name}: ${JSON.stringify(webhook)}`);
      }
      return [...wrong, ...wrongIn([canary.connections() === before, 'the canary was asked'])];
    },
  },
];
