import { z } from 'zod';
import { LABEL } from '../../runtime/docker/labels.ts';
import { route } from '../route.ts';

const listing = z.array(
  z.object({
    Id: z.string(),
    Names: z.array(z.string()),
    Labels: z.record(z.string(), z.string()),
    State: z.string(),
  }),
);

/** All of this installation's, whatever filter was asked for; of each what tells whose it is and whether it runs. */
export const listContainers = route({
  method: 'GET',
  path: '/containers/json',
  query: z.strictObject({ all: z.literal('true'), filters: z.string().optional() }),
  async answer({ engine, installation }, { signal }) {
    const filters = JSON.stringify({ label: [`${LABEL.installation}=${installation}`, LABEL.sandbox] });
    const query = { all: 'true', filters };
    const found = await engine.call({ method: 'GET', path: '/containers/json', query, signal, answer: listing });
    return { status: 200, json: found };
  },
});
