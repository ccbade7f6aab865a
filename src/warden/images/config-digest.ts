import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { z } from 'zod';
import { run } from '../../images/child-process.ts';
import { readBounded } from '../../json/read-bounded.ts';

/** The digest of an image's configuration by the engine's id of it; null where that stands for more than one image. */
export type ConfigDigestOf = (imageId: string) => Promise<string | null>;

/** `manifest.json` of what `docker save` writes: of each image the file that its configuration is in. */
const manifest = z.array(z.object({ Config: z.string() }));
const DIGEST = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/;
/** A line for each layer, and for each name of the image. */
const MAX_MANIFEST_BYTES = 4 * 1024 ** 2;
/** A gigabyte from a slow disk. */
const TIMEOUT_MS = 300_000;

/**
 * For engines that name an image by its manifest. No call tells the digest of its configuration there, so the image is read whole,
 * as `docker save` does, once for each id: what an id stands for never changes. A reading goes on when who asked has gone.
 */
export function createConfigDigests(docker: Docker): ConfigDigestOf {
  const known = new Map<string, Promise<string | null>>();
  return (imageId) => {
    const found = known.get(imageId) ?? readConfigDigest(docker, imageId);
    known.set(imageId, found);
    found.catch(() => known.delete(imageId));
    return found;
  };
}

async function readConfigDigest(docker: Docker, imageId: string): Promise<string | null> {
  const saved = (await docker.getImage(imageId).get()) as Readable;
  const tar = await run('tar', ['-xO', 'manifest.json'], { input: saved });
  const late = setTimeout(tar.stop, TIMEOUT_MS);
  saved.once('error', tar.stop);
  try {
    const what = `manifest.json of image ${imageId}`;
    const [said] = await Promise.all([readBounded(tar.stdout, MAX_MANIFEST_BYTES, what), tar.ended]);
    const images = manifest.parse(JSON.parse(said.toString()));
    const digest = DIGEST.exec(images[0]?.Config ?? '')?.[1];
    return images.length === 1 && digest !== undefined ? `sha256:${digest}` : null;
  } finally {
    clearTimeout(late);
    saved.destroy();
    tar.stop();
  }
}
