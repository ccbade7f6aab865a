import type { Route } from '../route.ts';
import { getDisks } from './get-disks.ts';
import { putDisk } from './put-disk.ts';

/** The sandboxes' disks. */
export const diskRoutes: readonly Route[] = [putDisk, getDisks];
