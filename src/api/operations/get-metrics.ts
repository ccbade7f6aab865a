import { z } from 'zod';
import { isStoreAway } from '../../store/redis.ts';
import { defineOperation } from '../operation.ts';
import { storeStats } from '../stats.ts';

export const getMetrics = defineOperation({
  method: 'get',
  path: '/metrics',
  scope: 'operate',
  summary: 'Figures for Prometheus',
  description: 'Without Redis only what this process counts itself, and daypass_store_up 0.',
  responses: { '200': { description: 'Figures.', content: { 'text/plain': { schema: z.string() } } } },
  handle: async (_call, deps) => {
    const stats = await storeStats(deps, new Date(), null).catch((error: unknown) => {
      if (isStoreAway(error)) return null;
      throw error;
    });
    const text = await deps.metrics.render({ stats, openStreams: deps.streams.taken });
    return { status: 200, type: 'text/plain; version=0.0.4', text };
  },
});
