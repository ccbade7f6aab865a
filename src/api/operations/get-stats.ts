import { viewOf } from '../../access/caller.ts';
import { requireCaller } from '../caller.ts';
import { defineOperation } from '../operation.ts';
import { countJobs } from '../queue-access.ts';
import { statsSchema } from '../schemas/operations.ts';
import { storeStats } from '../stats.ts';
import { jsonAnswer } from './answers.ts';

export const getStats = defineOperation({
  method: 'get',
  path: '/v1/stats',
  scope: 'read',
  summary: 'How much there is of everything',
  description: 'To a key without the scope operate: of its own sessions and tokens.',
  responses: jsonAnswer(200, 'Counts.', statsSchema),
  handle: async (call, deps) => {
    const keyId = viewOf(requireCaller(call));
    const store = await storeStats(deps, new Date(), keyId);
    return { status: 200, json: { ...store, queue: keyId === null ? await countJobs(deps.queue) : null } };
  },
});
