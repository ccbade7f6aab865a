import { route } from '../route.ts';

/** Which sandboxes have a disk, or something of one. It is removed with the container, also where there is none. */
export const getDisks = route({
  method: 'GET',
  path: '/daypass/disks',
  answer: async ({ disks }) => ({ status: 200, json: await disks.list() }),
});
