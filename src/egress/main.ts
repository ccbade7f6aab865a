import { loadGatewayConfig } from '../config.ts';
import { armFailpoints } from '../ops/failpoints.ts';
import { createLogger } from '../ops/log.ts';
import { closeOnSignals } from '../ops/shutdown.ts';
import { startGateway } from './gateway.ts';
import { startSessionGit } from './git/start-git.ts';
import { serveHealth } from './serve-health.ts';

process.title = 'daypass-gateway';

const { logLevel, failpoints, repoOrigin, credentialSocket, healthSocket, scratchDir, pushCheckBytes, ...options } =
  loadGatewayConfig();
armFailpoints(failpoints);
const log = createLogger('gateway', logLevel);
const git = await startSessionGit({ credentialSocket, scratchDir, pushCheckBytes, repoOrigin, log });
const { handlersFor, onGone } = git;
const gateway = await startGateway({ ...options, repoOrigin, log, handlersFor, onGone });
const health = await serveHealth(healthSocket, () => gateway.problem());
log.info({ repoOrigin }, 'gateway ready');
closeOnSignals(log, [
  { name: 'gateway', timeoutMs: 2_000, close: () => gateway.close() },
  { name: 'health', timeoutMs: 1_000, close: () => health.close() },
]);
