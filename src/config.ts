import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { settings, type Environment } from './settings.ts';
import { Secret } from './token/secret.ts';

/*
 * Every setting of every process, read and checked in this one file. A loader reports all that is wrong at once and
 * nothing starts. `.env.example` lists the same names with what they mean.
 */

/** `HOST:PORT`; a port of 0 lets the system choose. */
const listenAddress = z
  .string()
  .regex(/^[^\s:]+:\d{1,5}$/, 'must be HOST:PORT, such as 127.0.0.1:7070')
  .transform((text) => {
    const [host = '', port = ''] = text.split(':');
    return { host, port: Number(port) };
  });

export type ListenAddress = z.infer<typeof listenAddress>;

const secret = z
  .string()
  .min(8, 'must have at least 8 characters')
  .transform((text) => new Secret(text));
const wholeNumber = z.string().regex(/^\d+$/, 'must be a whole number').transform(Number);
const positive = wholeNumber.refine((value) => value > 0, 'must be above 0');
const commaList = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

/** `NAME:KEY,…`: who may call, and with what. */
const namedKeys = commaList.transform((items, context) =>
  items.map((item) => {
    const [name = '', key = ''] = item.split(/:(.*)/s);
    if (!/^[\w.-]+$/.test(name) || key.length < 16) {
      context.addIssue('must be NAME:KEY pairs separated by commas, each key of at least 16 characters');
    }
    return { name, key: new Secret(key) };
  }),
);

/** `ID:BASE64,…`: AES-256 keys; the first writes, all of them read. */
const sealKeys = commaList.transform((items, context) =>
  items.map((item) => {
    const [id = '', encoded = ''] = item.split(/:(.*)/s);
    const key = Buffer.from(encoded, 'base64');
    if (!/^[\w.-]+$/.test(id) || key.length !== 32) {
      context.addIssue(
        'must be ID:KEY pairs separated by commas, each key 32 bytes in base64 (openssl rand -base64 32)',
      );
    }
    return { id, key: new Secret(encoded) };
  }),
);

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });
const redisUrl = z
  .string()
  .regex(/^(rediss?:\/\/|\/)/, 'must be redis://HOST:PORT, rediss://… or the absolute path of a Unix socket');
const logLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']);

const common = {
  DAYPASS_LOG_LEVEL: logLevel.default('info'),
};
const place = {
  DAYPASS_DATA_DIR: z.string().default('./data'),
  DAYPASS_RUN_DIR: z
    .string()
    .max(60, 'must be at most 60 characters, because Unix socket paths below it may have only 107')
    .default(process.getuid?.() === 0 ? '/run/daypass' : `/tmp/daypass-${process.getuid?.() ?? 0}`),
};
/** Where the sessions' logs lie; the same directory for all workers and the API. */
const logPlace = { DAYPASS_DATA_DIR: place.DAYPASS_DATA_DIR, DAYPASS_LOG_DIR: z.string().optional() };
const keepLogs = { DAYPASS_KEEP_LOGS_HOURS: positive.prefault('168') };
const HOUR_MS = 3_600_000;
const redis = { DAYPASS_REDIS_URL: redisUrl };
const relaceUrl = { DAYPASS_RELACE_BASE_URL: httpUrl.default('https://api.relace.run/v1') };

function logDirOf(read: { DAYPASS_DATA_DIR: string; DAYPASS_LOG_DIR?: string | undefined }): string {
  return resolve(read.DAYPASS_LOG_DIR ?? join(read.DAYPASS_DATA_DIR, 'session-logs'));
}

export function loadApiConfig(env: Environment = process.env) {
  const read = settings(env, {
    ...common,
    ...logPlace,
    ...keepLogs,
    ...redis,
    DAYPASS_KEEP_IDEMPOTENCY_HOURS: positive.prefault('24'),
    DAYPASS_API_LISTEN: listenAddress.prefault('127.0.0.1:7070'),
    DAYPASS_API_KEYS: namedKeys,
    DAYPASS_IMAGES: commaList.prefault('daypass/sandbox'),
    DAYPASS_MAX_TIMEOUT_SECONDS: positive.prefault('86400'),
    DAYPASS_MAX_CPUS: positive.prefault('4'),
    DAYPASS_MAX_MEMORY_MB: positive.prefault('8192'),
    DAYPASS_MAX_PIDS: positive.prefault('4096'),
    DAYPASS_MAX_DISK_MB: positive.prefault('16384'),
  });
  return {
    logLevel: read.DAYPASS_LOG_LEVEL,
    redisUrl: read.DAYPASS_REDIS_URL,
    listen: read.DAYPASS_API_LISTEN,
    keys: read.DAYPASS_API_KEYS,
    logDir: logDirOf(read),
    keep: {
      logsMs: read.DAYPASS_KEEP_LOGS_HOURS * HOUR_MS,
      idempotencyMs: read.DAYPASS_KEEP_IDEMPOTENCY_HOURS * HOUR_MS,
    },
    limits: {
      images: read.DAYPASS_IMAGES,
      maxTimeoutSeconds: read.DAYPASS_MAX_TIMEOUT_SECONDS,
      cpus: read.DAYPASS_MAX_CPUS,
      memoryMb: read.DAYPASS_MAX_MEMORY_MB,
      pids: read.DAYPASS_MAX_PIDS,
      diskMb: read.DAYPASS_MAX_DISK_MB,
    },
  };
}

/** What an operator lets a request ask for. */
export type OperatorLimits = ReturnType<typeof loadApiConfig>['limits'];

export function loadWorkerConfig(env: Environment = process.env) {
  const read = settings(env, {
    ...common,
    ...place,
    ...logPlace,
    ...keepLogs,
    ...redis,
    ...relaceUrl,
    DAYPASS_KEEP_SESSIONS_HOURS: positive.prefault('720'),
    DOCKER_HOST: z.string().optional(),
    DAYPASS_INSTALLATION: z
      .string()
      .regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 of a-z, 0-9 and -')
      .default('default'),
    DAYPASS_WORKER_NAME: z.string().default(hostname()),
    DAYPASS_WORKER_CONCURRENCY: positive.prefault('16'),
    DAYPASS_TOKEN_GRACE_SECONDS: positive.prefault('120'),
    DAYPASS_LOG_LIMIT_MB: positive.prefault('100'),
    DAYPASS_LOG_RATE_KB_PER_SECOND: positive.prefault('8192'),
  });
  return {
    logLevel: read.DAYPASS_LOG_LEVEL,
    redisUrl: read.DAYPASS_REDIS_URL,
    runDir: resolve(read.DAYPASS_RUN_DIR),
    minterSocket: join(resolve(read.DAYPASS_RUN_DIR), 'minter.sock'),
    repoOrigin: new URL(read.DAYPASS_RELACE_BASE_URL).origin,
    dockerHost: read.DOCKER_HOST,
    installation: read.DAYPASS_INSTALLATION,
    workerName: read.DAYPASS_WORKER_NAME,
    concurrency: read.DAYPASS_WORKER_CONCURRENCY,
    /** What a token outlives its session's longest time by, so that a stop at the deadline can still push. */
    tokenGraceSeconds: read.DAYPASS_TOKEN_GRACE_SECONDS,
    logDir: logDirOf(read),
    keep: {
      sessionsMs: read.DAYPASS_KEEP_SESSIONS_HOURS * HOUR_MS,
      logsMs: read.DAYPASS_KEEP_LOGS_HOURS * HOUR_MS,
    },
    logLimitBytes: read.DAYPASS_LOG_LIMIT_MB * 1024 * 1024,
    logRateBytesPerSecond: read.DAYPASS_LOG_RATE_KB_PER_SECOND * 1024,
  };
}

export type WorkerConfig = ReturnType<typeof loadWorkerConfig>;

export function loadMinterConfig(env: Environment = process.env) {
  const read = settings(env, {
    ...common,
    ...place,
    ...redis,
    ...relaceUrl,
    DAYPASS_RELACE_API_KEY: secret,
    DAYPASS_RELACE_READ_TOKENS: z.stringbool().prefault('false'),
    DAYPASS_SEAL_KEYS: sealKeys,
  });
  return {
    logLevel: read.DAYPASS_LOG_LEVEL,
    redisUrl: read.DAYPASS_REDIS_URL,
    socket: join(resolve(read.DAYPASS_RUN_DIR), 'minter.sock'),
    spoolDir: join(resolve(read.DAYPASS_DATA_DIR), 'spool'),
    relace: {
      baseUrl: read.DAYPASS_RELACE_BASE_URL,
      apiKey: read.DAYPASS_RELACE_API_KEY,
      canRestrictAccess: read.DAYPASS_RELACE_READ_TOKENS,
    },
    sealKeys: read.DAYPASS_SEAL_KEYS,
  };
}

export function loadGatewayConfig(env: Environment = process.env) {
  const read = settings(env, { ...common, ...place, ...relaceUrl });
  return {
    logLevel: read.DAYPASS_LOG_LEVEL,
    runDir: resolve(read.DAYPASS_RUN_DIR),
    /** The one host that every sandbox reaches, even where its address is private. */
    repoOrigin: new URL(read.DAYPASS_RELACE_BASE_URL).origin,
  };
}

export function loadGitHostConfig(env: Environment = process.env) {
  const read = settings(env, {
    ...common,
    ...place,
    DAYPASS_GIT_HOST_LISTEN: listenAddress.prefault('127.0.0.1:7080'),
    DAYPASS_GIT_HOST_KEYS: commaList.transform((keys) => keys.map((key) => new Secret(key))),
  });
  return {
    logLevel: read.DAYPASS_LOG_LEVEL,
    listen: read.DAYPASS_GIT_HOST_LISTEN,
    dataDir: join(resolve(read.DAYPASS_DATA_DIR), 'git-host'),
    accountKeys: read.DAYPASS_GIT_HOST_KEYS,
  };
}
