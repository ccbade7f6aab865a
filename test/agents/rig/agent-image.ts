import { copyFile, cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Docker from 'dockerode';
import { buildImage } from '../../../src/images/build-image.ts';

const DOCKERFILES = fileURLToPath(new URL('../../../docker/agents/', import.meta.url));

export interface AgentImageDeps {
  docker: Docker;
  onProgress: (line: string) => void;
  /** A PEM file with authorities that this machine's network takes; null where the image's own are enough. */
  trustFile: string | null;
}

/** Builds an agent's image as docs/agents.md says, under a name of the test's own; resolves with that. */
export async function buildAgentImage(
  agent: string,
  { docker, onProgress, trustFile }: AgentImageDeps,
): Promise<string> {
  const image = `daypass-test/agent-${agent}`;
  const context = await mkdtemp(join(tmpdir(), 'dp-agent-image-'));
  try {
    await cp(DOCKERFILES, context, { recursive: true });
    if (trustFile !== null) await copyFile(trustFile, join(context, 'ca.crt'));
    const path = `${agent}.Dockerfile`;
    const src = await readdir(context);
    await buildImage(docker, {
      name: image,
      dockerfile: { path, text: await readFile(join(context, path), 'utf8') },
      context: async () => ({ files: { context, src } }),
      onLine: onProgress,
    });
    return image;
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}
