import { expect, test } from 'vitest';
import { connectPatientRedis } from '../../../src/store/redis.ts';
import { useTestRedis } from '../../support/redis.ts';
import { startRedisProxy } from './redis-proxy.ts';

const store = useTestRedis();

test('a lost reply: Redis did what it was asked, the caller does not know, and other commands are unharmed', async () => {
  await using proxy = await startRedisProxy();
  proxy.forwardTo(store.server.url);
  const client = connectPatientRedis(proxy.socket);
  try {
    await client.set('kept', '1');
    proxy.dropReplies(/^incr$/i, 1);
    expect(await client.get('kept')).toBe('1');
    // The client asks again over a new connection, as it does for any that broke.
    expect(await client.incr('counted')).toBe(2);
    expect(proxy.dropped()).toBe(1);
    expect(await store.redis.get('counted')).toBe('2');
  } finally {
    client.disconnect();
  }
});
