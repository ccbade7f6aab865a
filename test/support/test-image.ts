import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type Docker from 'dockerode';
import { followEngine } from '../../src/images/engine-stream.ts';
import { CONTENT_LABEL } from '../../src/images/image-content.ts';
import { localImage } from '../../src/images/local-image.ts';
import { ensureBase } from '../../src/images/sandbox-base.ts';

/**
 * An image of a test's own, built from a directory with a Dockerfile whose `BASE` is a Debian. It stays on the engine, and
 * is built again when the directory's files change. Resolves with its name.
 */
export async function ensureTestImage(docker: Docker, directory: string, say = (_line: string) => {}): Promise<string> {
  const image = `daypass-test/${basename(directory)}`;
  const content = await contentOf(directory);
  if ((await localImage(docker, image))?.labels[CONTENT_LABEL] === content) return image;
  const base = await ensureBase({ docker, onProgress: say });
  const source = await docker.buildImage(
    { context: directory, src: await readdir(directory) },
    { t: image, buildargs: { BASE: base }, labels: { [CONTENT_LABEL]: content }, rm: true, forcerm: true },
  );
  await followEngine(source, { doing: `Building ${image}`, onLine: say });
  return image;
}

async function contentOf(directory: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of (await readdir(directory)).toSorted()) {
    hash.update(`\0${file}\0`).update(await readFile(join(directory, file)));
  }
  return hash.digest('hex');
}
