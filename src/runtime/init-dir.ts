import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/*
 * The directory that a sandbox's init shares with its worker: the file it reports into and the socket it takes orders
 * from. It lies on the host, so that what a sandbox said outlives it, and the worker, and the engine.
 */

/** Mounted here in every sandbox. */
export const INIT_DIR_TARGET = '/run/daypass-init';

export const initDir = (root: string, sandboxId: string): string => join(root, sandboxId);
export const reportsFile = (dir: string): string => join(dir, 'reports');
export const ordersSocket = (dir: string): string => join(dir, 'orders.sock');

/** Open to the sandbox's user until `lockInitDir`; its parent keeps everybody else out. */
export async function makeInitDir(root: string, sandboxId: string): Promise<string> {
  const dir = initDir(root, sandboxId);
  await mkdir(dir);
  // Whatever the umask: init has to make its files.
  await chmod(dir, 0o777);
  return dir;
}

/**
 * Keeps the sandbox's user out, from now on: init has opened what it needs, and the agent must not be able to forge a
 * report, cut the log short or give orders. Where the worker itself runs as uid 1000 it cannot be kept out.
 */
export async function lockInitDir(dir: string): Promise<void> {
  await chmod(dir, 0o700);
}

/** Safe to repeat. */
export async function removeInitDir(root: string, sandboxId: string): Promise<void> {
  await rm(initDir(root, sandboxId), { recursive: true, force: true });
}

/** Sandboxes that have one. */
export async function listInitDirs(root: string): Promise<string[]> {
  return readdir(root);
}
