import { z } from 'zod';
import { WardenRefusal } from '../refusal.ts';
import { route } from '../route.ts';

const body = z.strictObject({ sizeMb: z.int().positive() });

/** Promises a sandbox's disk, which its container may then have as its workspace, or says that this is to be a tmpfs. */
export const putDisk = route({
  method: 'PUT',
  path: '/daypass/disks/{sandbox}',
  body,
  maxBodyBytes: 256,
  async answer({ disks, limits }, { sandboxId, body: { sizeMb } }) {
    if (sizeMb > limits.diskMb) throw new WardenRefusal(403, `A disk may have ${limits.diskMb} MB, not ${sizeMb}`);
    return { status: 201, json: await disks.promise(sandboxId, sizeMb) };
  },
});
