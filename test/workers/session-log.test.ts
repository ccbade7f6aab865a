import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { loadWorkerConfig } from '../../src/config.ts';
import { readLog } from '../../src/store/logs.ts';
import { Secret } from '../../src/token/secret.ts';
import { openLog } from '../../workers/session-log.ts';
import { useTestRedis } from '../support/redis.ts';

describe('the log of a session', () => {
  const own = useTestRedis();

  const open = (id: string, settings: Record<string, string> = {}) => {
    const config = loadWorkerConfig({ DAYPASS_REDIS_URL: own.server.url, ...settings });
    const log = openLog({ redis: own.redis, config, log: pino({ level: 'silent' }) }, id);
    const lines = async () =>
      (await readLog(own.redis, id, '0')).map(({ stream, text, code }) => [code ?? stream, text]);
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
      const last = await readLog(own.redis, 'ses_empty', '10000');
      return [...(await lines()), ...last.map(({ code, stream, text }) => [code ?? stream, text])];
    })();
    expect(found.some(([code]) => code === 'log_capped')).toBe(true);
    expect(await own.redis.xlen('daypass:log:ses_empty')).toBeLessThan(11_000);
  });
});
