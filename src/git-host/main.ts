import { loadGitHostConfig } from '../config.ts';
import { armFailpoints } from '../ops/failpoints.ts';
import { createLogger } from '../ops/log.ts';
import { closeOnSignals } from '../ops/shutdown.ts';
import { runLean } from './lean-process.ts';
import { startGitHost } from './start.ts';

runLean();
process.title = 'daypass-git-host';

const { logLevel, failpoints, ...options } = loadGitHostConfig();
armFailpoints(failpoints);
const log = createLogger('git-host', logLevel);
const gitHost = await startGitHost({ ...options, log });
closeOnSignals(log, [{ name: 'git host', timeoutMs: 5_000, close: () => gitHost.close() }]);
