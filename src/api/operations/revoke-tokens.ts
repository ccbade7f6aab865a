import { z } from 'zod';
import type { KillScope } from '../../session/kill-switch.ts';
import { defineOperation } from '../operation.ts';
import { pullKillSwitch } from '../pull-kill-switch.ts';
import { killedSchema } from '../schemas/token.ts';
import { jsonAnswer } from './answers.ts';

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
  summary: 'The kill switch for a session, a repo or a provider',
  description:
    'Every live token that matches is deleted at once and its session stopped; one whose minting is under way is ' +
    'deleted as soon as it is there. With sessionId or repoId, sessions that still wait or start are stopped too. With provider ' +
    'they stay queued: they hold nothing, and the tokens they get are minted after this call. Tokens in state unknown ' +
    'can be deleted by nobody and are not among them. Safe to repeat; what is started during the call may be missed, ' +
    'so repeat it when in doubt. Nothing that matches is no error.',
  body,
  responses: jsonAnswer(202, 'What is on its way out now.', killedSchema),
  handle: async (call, { redis }) => {
    const revoked = await pullKillSwitch(redis, call.body as KillScope);
    return { status: 202, json: { revoked, count: revoked.length } };
  },
});
