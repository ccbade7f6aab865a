import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { jsonAnswer } from './answers.ts';

export const healthz = defineOperation({
  method: 'get',
  path: '/healthz',
  scope: null,
  summary: 'Whether this process is up',
  responses: jsonAnswer(200, 'It is.', z.object({ status: z.literal('ok') })),
  handle: async () => ({ status: 200, json: { status: 'ok' } }),
});

export const readyz = defineOperation({
  method: 'get',
  path: '/readyz',
  scope: null,
  summary: 'Whether calls can be served: Redis answers',
  responses: jsonAnswer(200, 'They can.', z.object({ status: z.literal('ready') })),
  handle: async (_call, { redis }) => {
    await redis.ping();
    return { status: 200, json: { status: 'ready' } };
  },
});
