import { sortWorkers } from '../../store/workers.ts';
import { requireCaller } from '../caller.ts';
import { listAnswer } from '../list-answer.ts';
import { defineOperation } from '../operation.ts';
import { listOf } from '../schemas/common.ts';
import { workerSchema } from '../schemas/operations.ts';
import { createSight } from '../sight.ts';
import { jsonAnswer } from './answers.ts';

export const listWorkers = defineOperation({
  method: 'get',
  path: '/v1/workers',
  scope: 'read',
  summary: 'Who runs what',
  description: 'All on one page: there is one worker a host. Of what each runs, the sessions that the key sees.',
  responses: jsonAnswer(200, 'The workers that were seen lately.', listOf(workerSchema)),
  handle: async (call, { redis }) => {
    const { items, unreadable } = await sortWorkers(redis);
    const workers = items.toSorted((a, b) => a.name.localeCompare(b.name));
    const seen = await createSight(redis, requireCaller(call)).among(workers.flatMap(({ running }) => running));
    const data = workers.map((worker) => ({
      ...worker,
      running: worker.running.filter((id) => seen.has(id)),
      disks: worker.disks ?? null,
      capacity: worker.capacity ?? null,
    }));
    return listAnswer({ data, nextCursor: null, unreadable });
  },
});
