import { z } from 'zod';
import { failpoint } from '../../ops/failpoints.ts';
import { requireAllowed } from '../images/require-allowed.ts';
import { inspectImage } from '../images/inspect-image.ts';
import { volumeCovers } from '../images/volumes.ts';
import { createBody } from '../profile/create-body.ts';
import { requireProfile } from '../profile/require-profile.ts';
import { WardenRefusal } from '../refusal.ts';
import { route } from '../route.ts';
import { SANDBOX_ID } from '../sandbox-id.ts';

/** The seccomp profile takes most of it. */
const MAX_BODY_BYTES = 128 * 1024;

/**
 * Makes a sandbox's container, and before it the directories of its own that are mounted into it. The engine gets what
 * was checked, with the image as its id: a name that leads elsewhere a moment later makes no difference.
 */
export const createContainer = route({
  method: 'POST',
  path: '/containers/create',
  query: z.strictObject({ name: z.string().regex(SANDBOX_ID) }),
  body: createBody,
  maxBodyBytes: MAX_BODY_BYTES,
  async answer(deps, { query: { name }, body, signal }) {
    requireProfile(body, name, deps);
    if (body.HostConfig.Tmpfs['/workspace'] === undefined && !(await deps.disks.isPromised(name))) {
      throw new WardenRefusal(409, 'This sandbox has no disk; ask for it first');
    }
    const image = await inspectImage(deps.engine, body.Image, signal);
    await requireAllowed(body.Image, image, deps, signal);
    const Mounts = [...body.HostConfig.Mounts, ...volumeCovers(body.Image, image)];
    const sent = { ...body, Image: image.id, HostConfig: { ...body.HostConfig, Mounts } };
    await deps.places.make(name);
    await failpoint('warden.places_made');
    const created = z.object({ Id: z.string() });
    const call = { method: 'POST', path: '/containers/create', query: { name }, body: sent, signal } as const;
    const { Id } = await deps.engine.call({ ...call, answer: created });
    return { status: 201, json: { Id, Warnings: [] } };
  },
});
