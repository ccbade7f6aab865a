import type { ListenAddress, OperatorLimits } from '../config.ts';
import type { Logger } from '../ops/log.ts';
import { createMetrics } from '../ops/metrics.ts';
import { openSessionsQueue } from '../queue/sessions-queue.ts';
import { connectPatientRedis, connectRedis, redisReady } from '../store/redis.ts';
import { createApp } from './app.ts';
import { changesWhenReady } from './changes-when-ready.ts';
import { createAuthenticator } from './auth.ts';
import { BOUNDS, type ApiBounds } from './bounds.ts';
import type { ApiDeps, ApiKeep, SettingsKey } from './deps.ts';
import { createKeyWatch } from './key-watch.ts';
import { listenApi } from './listen.ts';
import { createLogins, type LoginTimes } from './login/logins.ts';
import { createRateLimits } from './rate-limits.ts';
import { readDashboard } from './serve-dashboard.ts';
import { createSlots } from './slots.ts';
import { watchDebt } from './watch-debt.ts';

const LOOK_AT_DEBT_EVERY_MS = 5_000;
/** A Redis that is there has answered by then, also on a busy machine. */
const WAIT_FOR_REDIS_MS = 3_000;

export interface ApiOptions {
  redisUrl: string;
  listen: ListenAddress;
  keys: SettingsKey[];
  logDir: string;
  keep: ApiKeep;
  limits: OperatorLimits;
  /** How long a token may be overdue before that is an alarm. */
  debtAlarmSeconds: number;
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed. */
  trustedProxies: string[];
  /** Names, besides addresses and localhost, under which it is called. */
  hosts: string[];
  logins: LoginTimes;
  log: Logger;
  /** Where the built page is, if not where its build puts it. */
  dashboardDir?: string;
  bounds?: Partial<ApiBounds>;
}

export interface RunningApi {
  url: string;
  /** Ends what goes on, answers what was asked, then lets go of Redis. */
  close(): Promise<void>;
}

/** Resolves when it listens: with a Redis that is there, or after a moment without. Until it is there, calls are answered 503. */
export async function startApi(options: ApiOptions): Promise<RunningApi> {
  const { redisUrl, listen, keys, logDir, keep, limits, debtAlarmSeconds, trustedProxies, log } = options;
  const bounds = { ...BOUNDS, ...options.bounds };
  const redis = connectRedis(redisUrl);
  const queueRedis = connectRedis(redisUrl);
  const queue = openSessionsQueue(queueRedis);
  // Without a listener a lost connection would end the process; callers see it by their rejected calls.
  queue.on('error', () => undefined);
  const changes = changesWhenReady(connectPatientRedis(redisUrl));
  const closing = new AbortController();
  const letGo = (): void => {
    closing.abort();
    changes.close();
    queueRedis.disconnect();
    redis.disconnect();
  };
  // Who calls as soon as it listens is to be served.
  await Promise.all([redis, queueRedis].map((one) => redisReady(one, WAIT_FOR_REDIS_MS))).catch(() => undefined);
  const authenticator = createAuthenticator(redis, keys);
  const deps: ApiDeps = {
    redis,
    changes,
    queue,
    authenticator,
    logins: createLogins(redis, authenticator, options.logins),
    loginTimes: options.logins,
    hosts: [listen.host.toLowerCase(), ...options.hosts],
    rates: createRateLimits(redis),
    keyWatch: createKeyWatch(redis, closing.signal),
    logDir,
    keep,
    limits,
    debtAlarmSeconds,
    log,
    metrics: createMetrics(),
    streams: createSlots({
      inAll: bounds.streams,
      perKey: bounds.streamsPerKey,
      code: 'too_many_streams',
      what: 'open streams',
    }),
    calls: createSlots({
      inAll: bounds.connections,
      perKey: bounds.callsPerKey,
      code: 'rate_limited',
      what: 'calls under way',
    }),
    bounds,
    closing: closing.signal,
  };
  try {
    const server = await listenApi(
      createApp(deps, { dashboard: await readDashboard(options.dashboardDir), trustedProxies }),
      listen,
      bounds,
    );
    const watching = watchDebt({
      redis,
      log,
      alarmSeconds: debtAlarmSeconds,
      everyMs: LOOK_AT_DEBT_EVERY_MS,
      signal: closing.signal,
    });
    return {
      url: server.url,
      close: async () => {
        closing.abort();
        await server.close();
        letGo();
        await watching;
      },
    };
  } catch (error) {
    letGo();
    throw error;
  }
}
