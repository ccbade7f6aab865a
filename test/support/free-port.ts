import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that the kernel gives to connections by itself; ip_local_port_range in ip(7). */
const [LOWEST, HIGHEST] = [12_000, 32_000];
const ATTEMPTS = 50;

/** A port of 127.0.0.1 that nobody listens on, and that no connection of anybody takes before the test does. */
export async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = randomInt(LOWEST, HIGHEST);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === ATTEMPTS) throw error;
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  }
}
