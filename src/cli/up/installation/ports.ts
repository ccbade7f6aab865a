import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { ListenAddress } from '../../../config.ts';
import { describe } from '../../../errors.ts';
import { CommandFailure } from '../failure.ts';

/** The port to use at an address: the one given, or a free one for 0. Throws when it is taken, naming the setting to change. */
export async function claimPort(setting: string, { host, port }: ListenAddress): Promise<number> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'EADDRINUSE' ? 'is in use by another program' : `cannot be listened on: ${describe(error)}`;
    throw new CommandFailure(
      `${host}:${port} ${why}. Set ${setting} to another address, such as ${host}:${port + 1}.`,
      {
        cause: error,
      },
    );
  } finally {
    server.close();
  }
}
