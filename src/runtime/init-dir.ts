import { readdir } from 'node:fs/promises';
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

/** Sandboxes that have one. */
export async function listInitDirs(root: string): Promise<string[]> {
  return readdir(root);
}
