import type { Route } from '../route.ts';

/** The sandboxes' disks, `PUT`, `GET` and `DELETE /daypass/disks/{sandbox}`: one file per operation beside this one. */
export const diskRoutes: readonly Route[] = [];
