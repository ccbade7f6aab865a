import { loadGatewayConfig } from '../config.ts';
import { armFailpoints } from '../ops/failpoints.ts';
import { createLogger } from '../ops/log.ts';
import { closeOnSignals } from '../ops/shutdown.ts';
import { startGateway } from './gateway.ts';

process.title = 'daypass-gateway';

const { logLevel, failpoints, ...options } = loadGatewayConfig();
armFailpoints(failpoints);
const log = createLogger('gateway', logLevel);
const gateway = await startGateway({ ...options, log });
log.info({ repoOrigin: options.repoOrigin }, 'gateway ready');
closeOnSignals(log, [{ name: 'gateway', timeoutMs: 2_000, close: () => gateway.close() }]);
