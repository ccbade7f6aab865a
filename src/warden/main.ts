import { loadWardenConfig } from '../config.ts';
import { armFailpoints } from '../ops/failpoints.ts';
import { createLogger } from '../ops/log.ts';
import { closeOnSignals } from '../ops/shutdown.ts';
import { startWarden } from './start.ts';

process.title = 'daypass-warden';

const { logLevel, failpoints, ...options } = loadWardenConfig();
const log = createLogger('warden', logLevel);
const warden = await startWarden({ ...options, log }).catch((error: unknown) => {
  log.fatal({ err: error }, 'the warden cannot start');
  process.exit(1);
});
// Not before: a disk is made on trial at the start, and a failpoint is meant for those of sessions.
armFailpoints(failpoints);
log.info({ socket: options.socket }, 'warden ready');
// A call under way is waited for; one that is cut off is asked again by whoever asked.
closeOnSignals(log, [{ name: 'warden', timeoutMs: 3_000, close: () => warden.close() }]);
