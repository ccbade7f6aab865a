import { z } from 'zod';
import { route, type Route } from '../route.ts';

export const ping = (method: 'GET' | 'HEAD'): Route =>
  route({
    method,
    path: '/_ping',
    async answer({ engine }, { signal }) {
      await engine.call({ method: 'GET', path: '/_ping', signal, answer: z.unknown() });
      return { status: 200, json: 'OK' };
    },
  });
