import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { claimPort } from '../../../../src/cli/up/installation/ports.ts';

test('a taken port is refused with the setting that changes it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(claimPort('DAYPASS_API_LISTEN', { host: '127.0.0.1', port })).rejects.toThrow(
      `127.0.0.1:${port} is in use by another program. Set DAYPASS_API_LISTEN`,
    );
  } finally {
    server.close();
  }
});

test('for port 0 a free one is found', async () => {
  expect(await claimPort('DAYPASS_API_LISTEN', { host: '127.0.0.1', port: 0 })).toBeGreaterThan(0);
});
