import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const DOCUMENT = new URL('../../docs/agents.md', import.meta.url);

/** A session request as docs/agents.md shows it, as far as a test puts something of its own in; the rest goes as it is. */
const documented = z.looseObject({
  image: z.string().startsWith('daypass/'),
  repos: z.array(z.looseObject({ id: z.literal('REPO'), path: z.string() })).length(1),
  command: z.array(z.string()),
  secrets: z.record(z.string(), z.literal('MODEL_KEY')),
  env: z.record(z.string(), z.string()).default({}),
  network: z.object({ allow: z.array(z.string()) }),
});

export interface Recipe {
  /** The heading it stands under, which is also the name of its Dockerfile. */
  agent: string;
  request: z.output<typeof documented>;
}

/** What a recipe leaves open. */
export interface RecipeValues {
  image: string;
  repoId: string;
  task: string;
  modelKey: string;
  env: Record<string, string>;
}

/** The recipes of docs/agents.md: each JSON block below a heading of its own. Throws when one is no session request. */
export async function readRecipes(): Promise<Recipe[]> {
  const text = await readFile(DOCUMENT, 'utf8');
  return text.split(/^## /m).flatMap((section) => {
    const agent = /^\S+/.exec(section)?.[0] ?? '';
    const json = /^```json\n(.*?)^```/ms.exec(section)?.[1];
    return json === undefined ? [] : [{ agent, request: documented.parse(JSON.parse(json)) }];
  });
}

/** The request with the open places filled in. */
export function fillIn({ request }: Recipe, { image, repoId, task, modelKey, env }: RecipeValues) {
  return {
    ...request,
    image,
    repos: request.repos.map((repo) => ({ ...repo, id: repoId })),
    command: request.command.map((argument) => (argument === 'TASK' ? task : argument)),
    secrets: Object.fromEntries(Object.keys(request.secrets).map((name) => [name, modelKey])),
    env: { ...request.env, ...env },
  };
}
