import { diskRoutes } from './disks/routes.ts';
import { createContainer } from './operations/create-container.ts';
import { getHost } from './operations/get-host.ts';
import { inspectContainer } from './operations/inspect-container.ts';
import { killContainer } from './operations/kill-container.ts';
import { listContainers } from './operations/list-containers.ts';
import { ping } from './operations/ping.ts';
import { removeContainer } from './operations/remove-container.ts';
import { startContainer } from './operations/start-container.ts';
import type { Route } from './route.ts';

/** Everything that can be asked of the warden. What is not here does not exist. */
export const ROUTES: readonly Route[] = [
  ping('GET'),
  ping('HEAD'),
  listContainers,
  createContainer,
  startContainer,
  inspectContainer,
  killContainer,
  removeContainer,
  getHost,
  ...diskRoutes,
];
