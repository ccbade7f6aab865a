import { expect, test } from 'vitest';
import { repoHostOf } from '../../src/session/repo-host.ts';

test.each([
  ['http://127.0.0.1:7080', '127.0.0.1', 7080],
  ['http://localhost:7080', '127.0.0.1', 7080],
  ['http://git.localhost:7080', '127.0.0.1', 7080],
  ['https://git.example.com', '127.0.1.1', 443],
])('%s is listened for on %s inside a sandbox', (origin, listenAddress, port) => {
  expect(repoHostOf(origin)).toEqual({ host: new URL(origin).hostname, listenAddress, port });
});

test('an address that a sandbox cannot have is refused, with what to do', () => {
  expect(() => repoHostOf('http://10.0.0.1:7080')).toThrow('give it a name in /etc/hosts or DNS');
});
