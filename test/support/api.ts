import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiBounds } from '../../src/api/bounds.ts';
import { startApi } from '../../src/api/start-api.ts';
import type { ApiKeep } from '../../src/api/deps.ts';
import type { LoginTimes } from '../../src/api/login/logins.ts';
import type { OperatorLimits } from '../../src/config.ts';
import { createLogger } from '../../src/ops/log.ts';
import { Secret } from '../../src/token/secret.ts';

const YEAR_MS = 365 * 24 * 3_600_000;

export const TEST_LIMITS: OperatorLimits = {
  images: ['daypass/sandbox'],
  maxTimeoutSeconds: 86_400,
  cpus: 4,
  memoryMb: 8_192,
  pids: 4_096,
  diskMb: 16_384,
  webhooks: { ports: [443], privateHosts: [] },
};

export interface TestApi extends AsyncDisposable {
  /** Without `/v1`. */
  url: string;
  /** A key that it takes. */
  key: string;
  /** Where it looks for logs. */
  logDir: string;
  close(): Promise<void>;
}

export interface TestApiOptions {
  redisUrl: string;
  keys?: Record<string, string>;
  limits?: Partial<OperatorLimits>;
  debtAlarmSeconds?: number;
  keep?: Partial<ApiKeep>;
  bounds?: Partial<ApiBounds>;
  trustedProxies?: string[];
  logins?: Partial<LoginTimes>;
  dashboardDir?: string;
}

/** A real API on a port of its own. `keys` by name; without them one is made. */
export async function startTestApi(options: TestApiOptions): Promise<TestApi> {
  const keys = options.keys ?? { test: `dp_${randomBytes(16).toString('hex')}` };
  const logDir = await mkdtemp(join(tmpdir(), 'daypass-logs-'));
  const api = await startApi({
    redisUrl: options.redisUrl,
    listen: { host: '127.0.0.1', port: 0 },
    keys: Object.entries(keys).map(([name, key]) => ({ name, key: new Secret(key) })),
    logDir,
    // Sessions of tests end at fixed times, long ago.
    keep: { logsMs: 100 * YEAR_MS, idempotencyMs: 60_000, auditMs: YEAR_MS, ...options.keep },
    limits: { ...TEST_LIMITS, ...options.limits },
    debtAlarmSeconds: options.debtAlarmSeconds ?? 300,
    trustedProxies: options.trustedProxies ?? [],
    hosts: [],
    logins: { longestMs: 12 * 3_600_000, idleMs: 3_600_000, ...options.logins },
    bounds: options.bounds ?? {},
    ...(options.dashboardDir !== undefined && { dashboardDir: options.dashboardDir }),
    log: createLogger('api', 'silent'),
  });
  const close = async (): Promise<void> => {
    await api.close();
    await rm(logDir, { recursive: true, force: true });
  };
  return { url: api.url, key: Object.values(keys)[0] ?? '', logDir, close, [Symbol.asyncDispose]: close };
}
