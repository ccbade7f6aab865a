import { listWorkers as allWorkers } from '../../store/workers.ts';
import { defineOperation } from '../operation.ts';
import { listOf } from '../schemas/common.ts';
import { workerSchema } from '../schemas/operations.ts';
import { jsonAnswer } from './answers.ts';

export const listWorkers = defineOperation({
  method: 'get',
  path: '/v1/workers',
  summary: 'Who runs what',
  description: 'All on one page: there is one worker a host.',
  responses: jsonAnswer(200, 'The workers that were seen lately.', listOf(workerSchema)),
  handle: async (_call, { redis }) => {
    const data = (await allWorkers(redis)).toSorted((a, b) => a.name.localeCompare(b.name));
    return { status: 200, json: { data, nextCursor: null } };
  },
});
