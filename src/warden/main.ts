import { loadWardenConfig } from '../config.ts';
import { armFailpoints } from '../ops/failpoints.ts';
import { createLogger } from '../ops/log.ts';
import { closeOnSignals } from '../ops/shutdown.ts';
import { startWarden } from './start.ts';

process.title = 'daypass-warden';

const { logLevel, failpoints, ...options } = loadWardenConfig();
armFailpoints(failpoints);
const log = createLogger('warden', logLevel);
const warden = await startWarden({ ...options, log });
log.info({ socket: options.socket }, 'warden ready');
// A call under way is waited for; one that is cut off is asked again by whoever asked.
closeOnSignals(log, [{ name: 'warden', timeoutMs: 3_000, close: () => warden.close() }]);
