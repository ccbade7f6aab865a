import type Docker from 'dockerode';
import { followEngine } from './engine-stream.ts';
import { localImage } from './local-image.ts';
import { removeReplaced } from './remove-replaced.ts';

/** What is sent to the engine. */
interface BuildContext {
  /** A tar stream, or files of a directory. */
  files: NodeJS.ReadableStream | { context: string; src: string[] };
  /** Rejects where not all of it could be sent. */
  sent?: Promise<void>;
}

export interface ImageBuild {
  name: string;
  /** Path of the Dockerfile in the context, and its text. */
  dockerfile: { path: string; text: string };
  /** Called once for each stage that has a name, and once for the image. */
  context: () => Promise<BuildContext>;
  buildargs?: Record<string, string>;
  /** Of the image itself. */
  labels?: Record<string, string>;
  onLine: (line: string) => void;
}

/**
 * Builds an image with the engine's classic builder, which needs no other program. Each named stage is built first, under a
 * name of its own: without one it would stay on the engine as an image without a name, once more after each change. With one
 * it is the cache of the next build, which replaces it. An image that this build replaces is removed, unless a container
 * uses it. Throws with the last lines of a build that failed.
 */
export async function buildImage(docker: Docker, build: ImageBuild): Promise<void> {
  const { name, dockerfile, context, buildargs = {}, labels = {}, onLine } = build;
  const buildOne = async (image: string, options: Docker.ImageBuildOptions): Promise<void> => {
    const former = await localImage(docker, image);
    const common = { dockerfile: dockerfile.path, t: image, buildargs, rm: true, forcerm: true };
    const { files, sent } = await context();
    const source = await docker.buildImage(files, { ...common, ...options });
    await followEngine(source, { doing: `Building ${image}`, onLine });
    await sent;
    const built = await localImage(docker, image);
    if (former !== null && former.id !== built?.id) await removeReplaced(docker, former.id);
  };
  for (const stage of stagesIn(dockerfile.text)) await buildOne(stageImage(name, stage), { target: stage });
  await buildOne(name, { labels });
}

/** The name of a stage's image. No session may run one: `DAYPASS_IMAGES` has `daypass/*`. */
export function stageImage(name: string, stage: string): string {
  return `daypass-build/${name.replaceAll(/[^a-z0-9]+/g, '-')}-${stage}`;
}

/** Names of a Dockerfile's stages but the last, in their order; `FROM IMAGE AS NAME`. */
export function stagesIn(dockerfile: string): string[] {
  return [...dockerfile.matchAll(/^FROM\s+\S+(?:\s+AS\s+(\S+))?/gim)].slice(0, -1).flatMap(([, name]) => name ?? []);
}
