import { z } from 'zod';
import { ownContainer } from '../engine/container.ts';
import { route } from '../route.ts';

/** The two signals that mean something to a sandbox's init. */
export const killContainer = route({
  method: 'POST',
  path: '/containers/{sandbox}/kill',
  query: z.strictObject({ signal: z.enum(['SIGTERM', 'SIGKILL']) }),
  async answer(deps, { sandboxId, query, signal }) {
    const { Id } = await ownContainer(deps, sandboxId, signal);
    const path = `/containers/${Id}/kill`;
    await deps.engine.call({ method: 'POST', path, query: { signal: query.signal }, signal, answer: z.null() });
    return { status: 204 };
  },
});
