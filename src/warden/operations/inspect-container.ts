import { ownContainer } from '../engine/container.ts';
import { route } from '../route.ts';

export const inspectContainer = route({
  method: 'GET',
  path: '/containers/{sandbox}/json',
  answer: async (deps, { sandboxId, signal }) => ({ status: 200, json: await ownContainer(deps, sandboxId, signal) }),
});
