import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadWorkerConfig } from '../../src/config.ts';
import { readLog } from '../../src/store/logs.ts';
import { connectPatientRedis, redisReady, type Redis } from '../../src/store/redis.ts';
import { Secret } from '../../src/token/secret.ts';
import { openLog } from '../../workers/session-log.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

describe('the log of a session', () => {
  let server: TestRedis;
  let redis: Redis;
  beforeAll(async () => {
    server = await startTestRedis();
    redis = connectPatientRedis(server.url);
    await redisReady(redis, 5_000);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  const open = (id: string, settings: Record<string, string> = {}) => {
    const config = loadWorkerConfig({ DAYPASS_REDIS_URL: server.url, ...settings });
    const log = openLog({ redis, config, log: pino({ level: 'silent' }) }, id);
    const lines = async () => (await readLog(redis, id, '0')).map(({ stream, text, code }) => [code ?? stream, text]);
    return { log, lines };
  };
  const bytes = (text: string): Buffer => Buffer.from(text);

  it('has every line in order, masked, with the last one though it has no line break', async () => {
    const { log, lines } = open('ses_whole');
    log.mask([new Secret('SECRETVALUE1234567890')]);
    await log.agent('stdout', bytes('a SECRETVALUE1234'), 0);
    await log.agent('stdout', bytes('567890 b\nlast'), 1);
    await log.close({ complete: true });
    expect(await lines()).toEqual([
      ['stdout', 'a [secret] b'],
      ['stdout', 'last'],
    ]);
    expect(log.redact('failed: SECRETVALUE1234567890')).toBe('failed: [secret]');
  });

  it('drops half a secret and says so when the rest of the output did not come', async () => {
    const { log, lines } = open('ses_cut');
    log.mask([new Secret('SECRETVALUE1234567890')]);
    await log.agent('stdout', bytes('whole\na SECRETVALUE1234'), 0);
    await log.close({ complete: false });
    await log.agent('stdout', bytes('567890 b\n'), 1);
    expect(await lines()).toEqual([
      ['stdout', 'whole'],
      ['log_cut', 'The log ends here: the rest of the output did not arrive in time.'],
    ]);
  });

  it('counts empty lines against its limit, as each takes room in the store', async () => {
    const { log, lines } = open('ses_empty', { DAYPASS_LOG_LIMIT_MB: '1' });
    for (let i = 0; i < 10; i++) await log.agent('stdout', Buffer.alloc(2_000, '\n'), 0);
    await log.close({ complete: true });
    const found = await (async () => {
      const last = await readLog(redis, 'ses_empty', '10000');
      return [...(await lines()), ...last.map(({ code, stream, text }) => [code ?? stream, text])];
    })();
    expect(found.some(([code]) => code === 'log_capped')).toBe(true);
    expect(await redis.xlen('daypass:log:ses_empty')).toBeLessThan(11_000);
  });
});
