import { loadMinterConfig } from '../../config.ts';
import { armFailpoints } from '../../ops/failpoints.ts';
import { createLogger } from '../../ops/log.ts';
import { closeOnSignals } from '../../ops/shutdown.ts';
import { connectPatientRedis, redisReady } from '../../store/redis.ts';
import { createRelaceProvider } from '../relace/relace-provider.ts';
import { startMinter } from './start.ts';

process.title = 'daypass-minter';
const REDIS_TIMEOUT_MS = 30_000;

const { logLevel, failpoints, redisUrl, relace, ...options } = loadMinterConfig();
armFailpoints(failpoints);
const log = createLogger('minter', logLevel);
const redis = connectPatientRedis(redisUrl);
await redisReady(redis, REDIS_TIMEOUT_MS);
const minter = await startMinter({ ...options, redis, provider: createRelaceProvider(relace), log });
log.info({ socket: options.socket }, 'minter ready');
// A minting under way is waited for: its value would be lost with this process.
closeOnSignals(log, [{ name: 'minter', timeoutMs: 5_000, close: () => minter.close() }]);
