import { loadMinterConfig } from '../../config.ts';
import { armFailpoints } from '../../ops/failpoints.ts';
import { createLogger } from '../../ops/log.ts';
import { closeOnSignals } from '../../ops/shutdown.ts';
import { connectPatientRedis, redisReady } from '../../store/redis.ts';
import { createRelaceProvider } from '../relace/relace-provider.ts';
import { startMinter } from './start.ts';

process.title = 'daypass-minter';
const REDIS_PATIENCE_MS = 10_000;

const { logLevel, failpoints, redisUrl, relace, ...options } = loadMinterConfig();
armFailpoints(failpoints);
const log = createLogger('minter', logLevel);
const redis = connectPatientRedis(redisUrl);
// Nothing is deleted without a minter, so it does not end because Redis starts later than it.
while (!(await isReady())) log.warn('Redis does not answer yet; the minter waits for it');
const minter = await startMinter({ ...options, redis, provider: createRelaceProvider(relace), log });
log.info({ socket: options.socket }, 'minter ready');
// A minting under way is waited for: its value would be lost with this process.
closeOnSignals(log, [{ name: 'minter', timeoutMs: 5_000, close: () => minter.close() }]);

async function isReady(): Promise<boolean> {
  return redisReady(redis, REDIS_PATIENCE_MS).then(
    () => true,
    () => false,
  );
}
