import { loadGatewayConfig } from '../../src/config.ts';
import { dial } from '../../src/egress/dial.ts';
import { startGateway } from '../../src/egress/gateway.ts';
import { createLogger } from '../../src/ops/log.ts';
import { closeOnSignals } from '../../src/ops/shutdown.ts';

/*
 * The gateway's program for tests, in a world where every name has one public address, and whatever is dialled there is a
 * server of the test's at TEST_WORLD_PORT. All else is the product's.
 */

process.title = 'daypass-gateway';
const PUBLIC = '93.184.216.34';
const port = Number(process.env['TEST_WORLD_PORT']);
const { logLevel, failpoints: _failpoints, ...options } = loadGatewayConfig();
const log = createLogger('gateway', logLevel);
const gateway = await startGateway({
  ...options,
  log,
  resolve: async () => [PUBLIC],
  dial: (addresses, wanted) => (addresses[0] === PUBLIC ? dial(['127.0.0.1'], port) : dial(addresses, wanted)),
});
log.info('gateway ready');
closeOnSignals(log, [{ name: 'gateway', timeoutMs: 2_000, close: () => gateway.close() }]);
