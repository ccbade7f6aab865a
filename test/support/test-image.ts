import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type Docker from 'dockerode';
import { buildImage } from '../../src/images/build-image.ts';
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
  const src = await readdir(directory);
  await buildImage(docker, {
    name: image,
    dockerfile: { path: 'Dockerfile', text: await readFile(join(directory, 'Dockerfile'), 'utf8') },
    context: async () => ({ files: { context: directory, src } }),
    buildargs: { BASE: base },
    labels: { [CONTENT_LABEL]: content },
    onLine: say,
  });
  return image;
}

async function contentOf(directory: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of (await readdir(directory)).toSorted()) {
    hash.update(`\0${file}\0`).update(await readFile(join(directory, file)));
  }
  return hash.digest('hex');
}
