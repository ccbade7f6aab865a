import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that the kernel gives to connections by itself; ip_local_port_range in ip(7). */
const [LOWEST, HIGHEST] = [12_000, 32_000];
const MAX_ATTEMPTS = 50;
/** Files that run side by side have ports of their own, so that none takes another's before it listens. */
const LANES = 8;
const LANE = (Number(process.env['VITEST_POOL_ID'] ?? 0) || process.pid) % LANES;
let next = Math.floor(Math.random() * (HIGHEST - LOWEST));

/** A port of 127.0.0.1 that nobody listens on. It is given once, and no connection takes it before the test does. */
export async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    next = (next + 1) % Math.floor((HIGHEST - LOWEST) / LANES);
    const port = LOWEST + next * LANES + LANE;
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === MAX_ATTEMPTS) throw error;
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  }
}
