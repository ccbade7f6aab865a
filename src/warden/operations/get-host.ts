import { route } from '../route.ts';

/** Where on this host the things lie that workers mount into sandboxes. */
export const getHost = route({
  method: 'GET',
  path: '/daypass/host',
  answer: async ({ host }) => ({ status: 200, json: host }),
});
