import type Docker from 'dockerode';
import { describe } from '../errors.ts';
import { localImage } from './local-image.ts';
import { pullImage } from './pull-image.ts';
import { ensureStandInBase, standInBaseName, standInOf } from './stand-in-base.ts';

export interface ImageDeps {
  docker: Docker;
  onProgress: (line: string) => void;
  /** Called when no base can be had and one is about to be made: the moment to install what that takes. */
  beforeStandIn?: () => Promise<void>;
}

/** The default of the Dockerfile's `BASE`. */
const PUBLIC_BASE = 'node:24-bookworm-slim';

/** Every base that a good sandbox image may have been built on. */
export async function knownBases(): Promise<string[]> {
  // An image of the roles has no development packages, but may stand on the stand-in itself, and then runs its Node.
  const standIn = await standInBaseName().catch(() => standInOf(process.versions.node));
  return [PUBLIC_BASE, standIn];
}

/** Name of a base image that is on the engine: there already, else pulled, else made here. */
export async function ensureBase({ docker, onProgress, beforeStandIn }: ImageDeps): Promise<string> {
  if ((await localImage(docker, PUBLIC_BASE)) !== null) return PUBLIC_BASE;
  onProgress(`pulling ${PUBLIC_BASE}`);
  try {
    await pullImage(docker, PUBLIC_BASE);
    return PUBLIC_BASE;
  } catch (error) {
    onProgress(`it cannot be pulled: ${describe(error)}`);
    await beforeStandIn?.();
    return await ensureStandInBase(docker, onProgress);
  }
}
