import { loadGatewayConfig } from '../config.ts';
import { armFailpoints } from '../ops/failpoints.ts';
import { createLogger } from '../ops/log.ts';
import { closeOnSignals } from '../ops/shutdown.ts';
import { startGateway } from './gateway.ts';
import { startSessionGit } from './git/start-git.ts';

process.title = 'daypass-gateway';

const { logLevel, failpoints, runDir, repoOrigin, ...options } = loadGatewayConfig();
armFailpoints(failpoints);
const log = createLogger('gateway', logLevel);
const git = await startSessionGit({
  ...options,
  repoOrigin,
  log,
  decided: ({ sessionId }, { allowed, what, reason }) => {
    log.info({ sessionId, verdict: allowed ? 'allowed' : 'refused', what, reason }, 'decided on a request of git');
  },
});
const gateway = await startGateway({ runDir, repoOrigin, log, handlersFor: git.handlersFor, onGone: git.onGone });
log.info({ repoOrigin }, 'gateway ready');
closeOnSignals(log, [{ name: 'gateway', timeoutMs: 2_000, close: () => gateway.close() }]);
