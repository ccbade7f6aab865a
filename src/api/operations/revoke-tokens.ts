import { z } from 'zod';
import { auditId } from '../../access/audit.ts';
import type { KillScope } from '../../session/kill-switch.ts';
import { requireCaller } from '../caller.ts';
import { defineOperation } from '../operation.ts';
import { pullKillSwitch } from '../pull-kill-switch.ts';
import { killedSchema } from '../schemas/token.ts';
import { jsonAnswer } from './answers.ts';

const uuid = z.guid();
const text = z.string().min(1).max(256);
const body = z
  .strictObject({
    sessionId: text.optional(),
    repoId: text.transform((id) => id.toLowerCase()).optional(),
    provider: text.optional().meta({ description: 'As the tokens of the ledger name it.' }),
  })
  .refine((given) => Object.values(given).filter((value) => value !== undefined).length === 1, {
    error: 'must have exactly one of sessionId, repoId and provider',
  })
  .meta({ id: 'RevokeTokens', description: 'Exactly one of the fields.' });

export const revokeTokens = defineOperation({
  method: 'post',
  path: '/v1/tokens/revoke',
  scope: 'start',
  audit: 'tokens.revoke',
  summary: 'The kill switch for a session, a repo or a provider',
  description:
    'Every live token that matches is deleted at once and its session stopped; one whose minting is under way is ' +
    'deleted as soon as it is there. With sessionId or repoId, sessions that still wait or start are stopped too. With provider ' +
    'they stay queued: they hold nothing, and the tokens they get are minted after this call. Tokens in state unknown ' +
    'can be deleted by nobody and are not among them. Safe to repeat; what is started during the call may be missed, ' +
    'so repeat it when in doubt. Nothing that matches is no error. To a key without the scope operate, only its own ' +
    'sessions and tokens match.',
  body,
  responses: jsonAnswer(202, 'What is on its way out now.', killedSchema),
  handle: async (call, { redis }) => {
    const scope = call.body as KillScope;
    call.audit?.note({
      ...('sessionId' in scope && { sessionId: auditId(scope.sessionId) }),
      detail: {
        ...('repoId' in scope && uuid.safeParse(scope.repoId).success && { repoIds: [scope.repoId] }),
        ...('provider' in scope && /^[a-z-]{1,32}$/.test(scope.provider) && { provider: scope.provider }),
      },
    });
    // It takes many scripts, each of them final: what was begun is told before the first, what came of it after the last.
    await call.audit?.begin();
    const { revoked, unreadable } = await pullKillSwitch(redis, scope, requireCaller(call));
    call.audit?.note({ detail: { count: revoked.length } });
    await call.audit?.end('ok');
    const json = { revoked, count: revoked.length, ...(unreadable.length > 0 && { unreadable }) };
    return { status: 202, json };
  },
});
