import { z } from 'zod';
import type { EngineApi } from '../../runtime/docker/engine-api.ts';
import { parseImage } from '../../session/allowed-image.ts';
import { WardenRefusal } from '../refusal.ts';

const answer = z
  .object({
    Id: z.string().regex(/^sha256:[0-9a-f]{64}$/),
    RepoTags: z.array(z.string()).nullable(),
    RepoDigests: z.array(z.string()).nullable(),
    Config: z.object({ Volumes: z.record(z.string(), z.unknown()).nullish() }),
  })
  .transform(({ Id, RepoTags, RepoDigests, Config }) => ({
    id: Id,
    repoTags: RepoTags ?? [],
    repoDigests: RepoDigests ?? [],
    volumes: Object.keys(Config.Volumes ?? {}),
  }));

export type Image = z.output<typeof answer>;

/**
 * What the engine has under this name. Throws 404 in the engine's own words when that is nothing, also where the engine
 * would take a short name for the beginning of an image's id.
 */
export async function inspectImage(engine: EngineApi, name: string, signal: AbortSignal): Promise<Image> {
  const wanted = parseImage(name);
  if (wanted === null) throw new WardenRefusal(404, `No such image: ${name}`);
  const image = await engine.call({ method: 'GET', path: `/images/${name}/json`, signal, answer });
  const names = [...image.repoTags, ...image.repoDigests].map(parseImage);
  const isIt = names.some(
    (known) =>
      known?.name === wanted.name &&
      (wanted.digest === null ? known.tag === wanted.tag : known.digest === wanted.digest),
  );
  if (!isIt) throw new WardenRefusal(404, `No such image: ${name}`);
  return image;
}
