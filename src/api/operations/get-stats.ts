import { defineOperation } from '../operation.ts';
import { countJobs } from '../queue-access.ts';
import { statsSchema } from '../schemas/operations.ts';
import { storeStats } from '../stats.ts';
import { jsonAnswer } from './answers.ts';

export const getStats = defineOperation({
  method: 'get',
  path: '/v1/stats',
  summary: 'How much there is of everything',
  responses: jsonAnswer(200, 'Counts.', statsSchema),
  handle: async (_call, deps) => {
    const store = await storeStats(deps, new Date());
    return { status: 200, json: { ...store, queue: await countJobs(deps.queue) } };
  },
});
