import { startApi } from './api/start-api.ts';
import { loadApiConfig } from './config.ts';
import { createLogger } from './ops/log.ts';
import { closeOnSignals } from './ops/shutdown.ts';

process.title = 'daypass-api';

const { logLevel, redisUrl, listen, keys, logDir, keep, limits } = loadApiConfig();
const log = createLogger('api', logLevel);
const api = await startApi({ redisUrl, listen, keys, logDir, keep, limits, log });
closeOnSignals(log, [{ name: 'api', timeoutMs: 10_000, close: () => api.close() }]);
log.info({ url: api.url }, 'api ready');
