import { isIP } from 'node:net';
import { accessSync, constants } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { describe } from './errors.ts';
import { parseFailpoints } from './ops/failpoints.ts';
import { CERT_FILES } from './runtime/docker/cert-files.ts';
import { AGENT_ID } from './runtime/docker/agent-id.ts';
import { defaultMemoryDir } from './runtime/memory-dir.ts';
import { DISK_WAYS } from './runtime/docker/workspace.ts';
import { DEADLINE_GRACE_SECONDS } from './session/deadline.ts';
import { settings, wrongSettings, type Environment } from './settings.ts';
import { parseSealKeys } from './token/seal-keys.ts';
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

/** `ADDRESS,NETWORK/BITS,…`, as the server that looks at the callers' addresses takes them. */
const networks = commaList.refine(
  (items) => items.every(isNetwork),
  'must be IP addresses and networks such as 10.0.0.0/8, separated by commas',
);

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** `ID:BASE64,…`: AES-256 keys; the first writes, all of them read. */
const sealKeys = z.string().transform((text, context) => {
  try {
    return parseSealKeys(text);
  } catch (error) {
    context.addIssue(describe(error));
    return z.NEVER;
  }
});

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });
const bareUrl = httpUrl.refine(
  (text) => !/^[^:]+:\/\/[^/?#]*@/.test(text),
  'must have no user name in it; a key goes into DAYPASS_API_KEY',
);
const redisUrl = z
  .string()
  .regex(/^(rediss?:\/\/|\/)/, 'must be redis://HOST:PORT, rediss://… or the absolute path of a Unix socket');
const logLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']);

const failpoints = z.string().transform((text, context) => {
  try {
    return parseFailpoints(text);
  } catch (error) {
    context.addIssue((error as Error).message);
    return z.NEVER;
  }
});

const common = {
  DAYPASS_LOG_LEVEL: logLevel.default('info'),
  DAYPASS_FAILPOINTS: failpoints.prefault(''),
};
const place = {
  DAYPASS_DATA_DIR: z.string().default('./data'),
  DAYPASS_RUN_DIR: z
    .string()
    .max(60, 'must be at most 60 characters, because Unix socket paths below it may have only 107')
    .default(process.getuid?.() === 0 ? '/run/daypass' : `/tmp/daypass-${process.getuid?.() ?? 0}`),
};
const socketPath = z.string().max(107, 'must be at most 107 characters, as paths of Unix sockets are');
const minterSocket = { DAYPASS_MINTER_SOCKET: socketPath.optional() };
const credentialSocket = { DAYPASS_CREDENTIAL_SOCKET: socketPath.optional() };
const memoryDir = z
  .string()
  .regex(/^\//, 'must be an absolute path')
  .max(60, 'must be at most 60 characters, because Unix socket paths below it may have only 107');
/** Where the sessions' logs lie; the same directory for all workers and the API. */
const logPlace = { DAYPASS_LOG_DIR: z.string().default('./data/session-logs') };
const keepLogs = { DAYPASS_KEEP_LOGS_HOURS: positive.prefault('168') };
/** `HOST:PORT,…` as URLs name them. */
const receivers = commaList.transform((items, context) => {
  for (const item of items)
    if (!/^[\w.-]+:\d{1,5}$/.test(item)) context.addIssue('must be HOST:PORT pairs separated by commas');
  return items.map((item) => item.toLowerCase());
});
const hostNames = commaList.transform((items, context) => {
  for (const item of items)
    if (!/^[\w.-]+$/.test(item)) context.addIssue('must be host names separated by commas, without ports');
  return items.map((item) => item.toLowerCase());
});
const ports = commaList.transform((items, context) => {
  for (const item of items) if (!/^\d{1,5}$/.test(item)) context.addIssue('must be ports separated by commas');
  return items.map(Number);
});
/** Where webhooks may go: for the API at the door, for the worker at every try. */
const webhookRules = {
  DAYPASS_WEBHOOK_PORTS: ports.prefault('443'),
  DAYPASS_WEBHOOK_PRIVATE_HOSTS: receivers.prefault(''),
};
/** What an operator lets sessions ask for; the API refuses early, the warden refuses in any case. */
const operatorLimits = {
  DAYPASS_IMAGES: commaList.prefault('daypass/*'),
  DAYPASS_MAX_CPUS: positive.prefault('4'),
  DAYPASS_MAX_MEMORY_MB: positive.prefault('8192'),
  DAYPASS_MAX_PIDS: positive.prefault('4096'),
  DAYPASS_MAX_DISK_MB: positive.prefault('16384'),
};
const installation = {
  DAYPASS_INSTALLATION: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 of a-z, 0-9 and -')
    .default('default'),
};
const HOUR_MS = 3_600_000;
const redis = { DAYPASS_REDIS_URL: redisUrl };
/** Whether Redis is asked for its persistence, or the operator states it. */
const redisPersistence = { DAYPASS_REDIS_PERSISTENCE: z.enum(['checked', 'stated']).default('checked') };
const relaceUrl = { DAYPASS_RELACE_BASE_URL: httpUrl.default('https://api.relace.run/v1') };

/** Settings as they were read. */
type Read<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape>>;

export function loadApiConfig(env: Environment = process.env) {
  const read = settings(env, {
    ...common,
    ...logPlace,
    ...keepLogs,
    ...redis,
    ...webhookRules,
    DAYPASS_KEEP_IDEMPOTENCY_HOURS: positive.prefault('24'),
    DAYPASS_KEEP_AUDIT_HOURS: positive.prefault('8760'),
    DAYPASS_TRUSTED_PROXIES: networks.prefault(''),
    DAYPASS_API_LISTEN: listenAddress.prefault('127.0.0.1:7070'),
    DAYPASS_API_HOSTS: hostNames.prefault(''),
    DAYPASS_LOGIN_HOURS: positive.prefault('12'),
    DAYPASS_LOGIN_IDLE_MINUTES: positive.prefault('120'),
    DAYPASS_API_KEYS: namedKeys,
    ...operatorLimits,
    DAYPASS_MAX_TIMEOUT_SECONDS: positive.prefault('86400'),
    DAYPASS_DEBT_ALARM_SECONDS: positive.prefault('300'),
  });
  return {
    logLevel: read.DAYPASS_LOG_LEVEL,
    failpoints: read.DAYPASS_FAILPOINTS,
    redisUrl: read.DAYPASS_REDIS_URL,
    listen: read.DAYPASS_API_LISTEN,
    hosts: read.DAYPASS_API_HOSTS,
    logins: {
      longestMs: read.DAYPASS_LOGIN_HOURS * HOUR_MS,
      idleMs: read.DAYPASS_LOGIN_IDLE_MINUTES * 60_000,
    },
    keys: read.DAYPASS_API_KEYS,
    logDir: resolve(read.DAYPASS_LOG_DIR),
    keep: {
      logsMs: read.DAYPASS_KEEP_LOGS_HOURS * HOUR_MS,
      idempotencyMs: read.DAYPASS_KEEP_IDEMPOTENCY_HOURS * HOUR_MS,
      auditMs: read.DAYPASS_KEEP_AUDIT_HOURS * HOUR_MS,
    },
    trustedProxies: read.DAYPASS_TRUSTED_PROXIES,
    limits: {
      images: read.DAYPASS_IMAGES,
      maxTimeoutSeconds: read.DAYPASS_MAX_TIMEOUT_SECONDS,
      ...resourceLimits(read),
      webhooks: { ports: read.DAYPASS_WEBHOOK_PORTS, privateHosts: read.DAYPASS_WEBHOOK_PRIVATE_HOSTS },
    },
    debtAlarmSeconds: read.DAYPASS_DEBT_ALARM_SECONDS,
  };
}

/** What an operator lets a request ask for. */
export type OperatorLimits = ReturnType<typeof loadApiConfig>['limits'];

function resourceLimits(read: Read<Omit<typeof operatorLimits, 'DAYPASS_IMAGES'>>) {
  return {
    cpus: read.DAYPASS_MAX_CPUS,
    memoryMb: read.DAYPASS_MAX_MEMORY_MB,
    pids: read.DAYPASS_MAX_PIDS,
    diskMb: read.DAYPASS_MAX_DISK_MB,
  };
}

/** The most that one sandbox may have. */
export type ResourceLimits = ReturnType<typeof resourceLimits>;

export function loadWorkerConfig(env: Environment = process.env) {
  const read = settings(env, {
    ...common,
    ...place,
    ...logPlace,
    ...keepLogs,
    ...redis,
    ...redisPersistence,
    ...relaceUrl,
    ...webhookRules,
    DAYPASS_WEBHOOK_RETRY_HOURS: positive.prefault('24'),
    DAYPASS_WEBHOOK_CA_FILE: z.string().optional(),
    ...installation,
    DAYPASS_KEEP_SESSIONS_HOURS: positive.prefault('720'),
    DAYPASS_WARDEN_SOCKET: socketPath.optional(),
    ...minterSocket,
    DAYPASS_WORKER_NAME: z.string().default(hostname()),
    DAYPASS_WORKER_CONCURRENCY: positive.prefault('16'),
    DAYPASS_TOKEN_GRACE_SECONDS: tokenGrace.prefault('120'),
    DAYPASS_TOKEN_TTL_SECONDS: positive.prefault('21600'),
    DAYPASS_JOB_LOCK_SECONDS: positive.prefault('60'),
    DAYPASS_LOG_LIMIT_MB: positive.prefault('100'),
    DAYPASS_LOG_RATE_KB_PER_SECOND: positive.prefault('8192'),
  });
  return {
    logLevel: read.DAYPASS_LOG_LEVEL,
    failpoints: read.DAYPASS_FAILPOINTS,
    redisUrl: read.DAYPASS_REDIS_URL,
    isRedisStated: read.DAYPASS_REDIS_PERSISTENCE === 'stated',
    /** Longer than any pause of a healthy process, because a job whose lock is lost is given to another worker. */
    jobLockMs: read.DAYPASS_JOB_LOCK_SECONDS * 1_000,
    runDir: resolve(read.DAYPASS_RUN_DIR),
    minterSocket: minterSocketOf(read),
    repoOrigin: new URL(read.DAYPASS_RELACE_BASE_URL).origin,
    wardenSocket: resolve(read.DAYPASS_WARDEN_SOCKET ?? wardenSocketIn(read.DAYPASS_RUN_DIR)),
    installation: read.DAYPASS_INSTALLATION,
    workerName: read.DAYPASS_WORKER_NAME,
    concurrency: read.DAYPASS_WORKER_CONCURRENCY,
    /** What a token outlives its session's longest time by, so that an agent can still push in the grace after its deadline. */
    tokenGraceSeconds: read.DAYPASS_TOKEN_GRACE_SECONDS,
    /** The most that a token lives which is with the gateway, where it is renewed. */
    tokenTtlSeconds: read.DAYPASS_TOKEN_TTL_SECONDS,
    logDir: resolve(read.DAYPASS_LOG_DIR),
    keep: {
      sessionsMs: read.DAYPASS_KEEP_SESSIONS_HOURS * HOUR_MS,
      logsMs: read.DAYPASS_KEEP_LOGS_HOURS * HOUR_MS,
    },
    webhooks: {
      rules: { ports: read.DAYPASS_WEBHOOK_PORTS, privateHosts: read.DAYPASS_WEBHOOK_PRIVATE_HOSTS },
      giveUpAfterMs: read.DAYPASS_WEBHOOK_RETRY_HOURS * HOUR_MS,
      caFile: read.DAYPASS_WEBHOOK_CA_FILE,
    },
    logLimitBytes: read.DAYPASS_LOG_LIMIT_MB * 1024 * 1024,
    logRateBytesPerSecond: read.DAYPASS_LOG_RATE_KB_PER_SECOND * 1024,
  };
}

export type WorkerConfig = ReturnType<typeof loadWorkerConfig>;

/** Where the minter answers workers. */
const minterSocketOf = (read: Read<typeof place & typeof minterSocket>): string =>
  resolve(read.DAYPASS_MINTER_SOCKET ?? join(read.DAYPASS_RUN_DIR, 'minter.sock'));

/**
 * Where the minter gives credentials to the gateway: not on the socket of the workers. The gateway speaks with untrusted
 * code, and one that is taken over must not be able to mint, to revoke, or to be given what is in a sandbox.
 */
const credentialSocketOf = (read: Read<typeof place & typeof credentialSocket>): string =>
  resolve(read.DAYPASS_CREDENTIAL_SOCKET ?? join(read.DAYPASS_RUN_DIR, 'credentials.sock'));

/** Alone in its directory, which is its group's. */
const wardenSocketIn = (runDir: string): string => join(resolve(runDir), 'warden', 'engine.sock');

/** As docker itself takes it, but for engines elsewhere. */
const dockerHost = z
  .string()
  .refine(
    (text) => /^unix:\/\/\/|^tcp:\/\/[^/]+$/.test(text) && URL.canParse(text),
    'must be unix:///PATH or tcp://HOST:PORT of an engine on this machine, since sandboxes get directories of it. An engine over ' +
      'ssh is on another one: run Daypass there',
  );
const engine = {
  DOCKER_HOST: dockerHost.optional(),
  DOCKER_TLS_VERIFY: z.string().optional(),
  DOCKER_CERT_PATH: z.string().optional(),
};

/** Where the engine is. `certDir`: of the files for TLS; null: it is spoken to without. */
export function loadEngineConfig(env: Environment = process.env) {
  return engineOf(settings(env, engine));
}

function engineOf(read: Read<typeof engine>): { dockerHost: string | undefined; certDir: string | null } {
  const { DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH } = read;
  if (DOCKER_TLS_VERIFY === undefined || DOCKER_HOST?.startsWith('tcp:') !== true) {
    return { dockerHost: DOCKER_HOST, certDir: null };
  }
  const certDir = resolve(DOCKER_CERT_PATH ?? join(homedir(), '.docker'));
  const missing = Object.values(CERT_FILES).filter((name) => !isReadable(join(certDir, name)));
  if (missing.length === 0) return { dockerHost: DOCKER_HOST, certDir };
  throw wrongSettings([
    `DOCKER_CERT_PATH must be a directory with ca.pem, cert.pem and key.pem, as DOCKER_TLS_VERIFY is set; ${missing.join(', ')} cannot be read`,
  ]);
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

const tokenGrace = positive.refine(
  (seconds) => seconds >= DEADLINE_GRACE_SECONDS,
  `must be at least ${DEADLINE_GRACE_SECONDS}, the grace that an agent has after its deadline`,
);

const groupOfOurs = wholeNumber.refine((gid) => gid !== AGENT_ID, 'must not be the group of the agents');

export function loadWardenConfig(env: Environment = process.env) {
  const read = settings(env, {
    ...common,
    ...place,
    ...relaceUrl,
    ...operatorLimits,
    ...installation,
    ...engine,
    DAYPASS_MEMORY_DIR: memoryDir.optional(),
    DAYPASS_TOOLS_DIR: z.string().optional(),
    DAYPASS_WARDEN_GID: groupOfOurs.optional(),
    DAYPASS_GATEWAY_GID: groupOfOurs.optional(),
    DAYPASS_DISK_DIR: z.string().optional(),
    DAYPASS_DISK_WAY: z.enum(DISK_WAYS).default('auto'),
    DAYPASS_DISK_RESERVE_MB: wholeNumber.prefault('1024'),
    DAYPASS_DISK_OVERCOMMIT: positive.prefault('1'),
    DAYPASS_SANDBOX_RUNTIME: z
      .string()
      .regex(/^[A-Za-z0-9][\w.-]*$/, 'must be the name of a runtime that the engine has, such as runsc')
      .optional(),
  });
  return {
    logLevel: read.DAYPASS_LOG_LEVEL,
    failpoints: read.DAYPASS_FAILPOINTS,
    ...engineOf(read),
    socket: wardenSocketIn(read.DAYPASS_RUN_DIR),
    /** The group that may ask the warden, and gets into the directories of sandboxes: the workers'. */
    gid: read.DAYPASS_WARDEN_GID ?? process.getgid?.() ?? 0,
    /** The group that gets at the sandboxes' ways out: workers and gateway. null: all of them are one user. */
    gatewayGid: read.DAYPASS_GATEWAY_GID ?? null,
    installation: read.DAYPASS_INSTALLATION,
    runDir: resolve(read.DAYPASS_RUN_DIR),
    memoryDir: read.DAYPASS_MEMORY_DIR ?? defaultMemoryDir(read.DAYPASS_INSTALLATION),
    /** Programs must be allowed to run from there, which many hosts forbid below their run directory. */
    toolsDir: resolve(read.DAYPASS_TOOLS_DIR ?? join(read.DAYPASS_DATA_DIR, 'tools')),
    repoOrigin: new URL(read.DAYPASS_RELACE_BASE_URL).origin,
    images: read.DAYPASS_IMAGES,
    limits: resourceLimits(read),
    disks: {
      dir: resolve(read.DAYPASS_DISK_DIR ?? join(read.DAYPASS_DATA_DIR, 'disks')),
      wanted: read.DAYPASS_DISK_WAY,
      reserveMb: read.DAYPASS_DISK_RESERVE_MB,
      overcommit: read.DAYPASS_DISK_OVERCOMMIT,
    },
    /** null: the engine's default. */
    runtime: read.DAYPASS_SANDBOX_RUNTIME ?? null,
  };
}

export type WardenConfig = ReturnType<typeof loadWardenConfig>;

export function loadMinterConfig(env: Environment = process.env) {
  const read = settings(env, {
    ...common,
    ...place,
    ...redis,
    ...redisPersistence,
    ...relaceUrl,
    DAYPASS_RELACE_API_KEY: secret,
    DAYPASS_RELACE_READ_TOKENS: z.stringbool().prefault('false'),
    DAYPASS_SEAL_KEYS: sealKeys,
    DAYPASS_SEAL_KEYS_FILE: z.string().optional(),
    DAYPASS_MINTER_NAME: z.string().default(hostname()),
    ...minterSocket,
    ...credentialSocket,
  });
  const ringFile = read.DAYPASS_SEAL_KEYS_FILE;
  return {
    logLevel: read.DAYPASS_LOG_LEVEL,
    name: read.DAYPASS_MINTER_NAME,
    failpoints: read.DAYPASS_FAILPOINTS,
    redisUrl: read.DAYPASS_REDIS_URL,
    isRedisStated: read.DAYPASS_REDIS_PERSISTENCE === 'stated',
    socket: minterSocketOf(read),
    credentialSocket: credentialSocketOf(read),
    spoolDir: join(resolve(read.DAYPASS_DATA_DIR), 'spool'),
    receiptKeyFile: join(resolve(read.DAYPASS_DATA_DIR), 'receipt-key.pem'),
    relace: {
      baseUrl: read.DAYPASS_RELACE_BASE_URL,
      apiKey: read.DAYPASS_RELACE_API_KEY,
      canRestrictAccess: read.DAYPASS_RELACE_READ_TOKENS,
    },
    /** From a file they can be read again. */
    sealKeys: ringFile === undefined ? { keys: read.DAYPASS_SEAL_KEYS } : { file: resolve(ringFile) },
  };
}

/** Where the `daypass` command finds its API; what is not set is taken from `start.json`. */
export function loadCliConfig(env: Environment = process.env) {
  const read = settings(env, { DAYPASS_API_URL: bareUrl.optional(), DAYPASS_API_KEY: secret.optional() });
  return { apiUrl: read.DAYPASS_API_URL, apiKey: read.DAYPASS_API_KEY };
}

/** Where a minter listens that was started with these settings. */
export function loadMinterSocket(env: Environment = process.env): string {
  return minterSocketOf(settings(env, { ...place, ...minterSocket }));
}

/** `1.2.3.4` or `1.2.3.0/24`, IPv6 likewise, separated by commas. */
const addressList = commaList.transform((items, context) => {
  for (const item of items) {
    if (z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]).safeParse(item).success) continue;
    context.addIssue('must be addresses such as 203.0.113.7 or 2001:db8::/32, separated by commas');
  }
  return items;
});

export function loadGatewayConfig(env: Environment = process.env) {
  const read = settings(env, {
    ...common,
    ...place,
    ...relaceUrl,
    ...credentialSocket,
    DAYPASS_PUSH_CHECK_MB: positive.prefault('512'),
    DAYPASS_GATEWAY_MAX_CONNECTIONS: positive.prefault('256'),
    DAYPASS_GATEWAY_CONNECTIONS_PER_SECOND: positive.prefault('50'),
    DAYPASS_GATEWAY_MAX_SENT_MB: positive.prefault('10240'),
    DAYPASS_GATEWAY_MAX_RECEIVED_MB: positive.prefault('51200'),
    DAYPASS_GATEWAY_RATE_KB_PER_SECOND: positive.prefault('65536'),
    DAYPASS_GATEWAY_DENY_ADDRESSES: addressList.prefault(''),
  });
  const runDir = resolve(read.DAYPASS_RUN_DIR);
  return {
    logLevel: read.DAYPASS_LOG_LEVEL,
    failpoints: read.DAYPASS_FAILPOINTS,
    runDir,
    credentialSocket: credentialSocketOf(read),
    healthSocket: join(runDir, 'health', 'gateway.sock'),
    scratchDir: join(resolve(read.DAYPASS_DATA_DIR), 'pushes'),
    pushCheckBytes: read.DAYPASS_PUSH_CHECK_MB * 1024 * 1024,
    /** The one host that every sandbox reaches, even where its address is private. */
    repoOrigin: new URL(read.DAYPASS_RELACE_BASE_URL).origin,
    limits: {
      connections: read.DAYPASS_GATEWAY_MAX_CONNECTIONS,
      connectionsPerSecond: read.DAYPASS_GATEWAY_CONNECTIONS_PER_SECOND,
      sentBytes: read.DAYPASS_GATEWAY_MAX_SENT_MB * 1024 * 1024,
      receivedBytes: read.DAYPASS_GATEWAY_MAX_RECEIVED_MB * 1024 * 1024,
      bytesPerSecond: read.DAYPASS_GATEWAY_RATE_KB_PER_SECOND * 1024,
    },
    deniedAddresses: read.DAYPASS_GATEWAY_DENY_ADDRESSES,
  };
}

export function loadGitHostConfig(env: Environment = process.env) {
  const read = settings(env, {
    ...common,
    ...place,
    DAYPASS_GIT_HOST_LISTEN: listenAddress.prefault('127.0.0.1:7080'),
    DAYPASS_GIT_HOST_KEYS: commaList.transform((keys) => keys.map((key) => new Secret(key))),
    DAYPASS_GIT_HOST_IMPORT_HOSTS: receivers.prefault(''),
    DAYPASS_GIT_HOST_TRANSFERS: positive.prefault('8'),
  });
  return {
    logLevel: read.DAYPASS_LOG_LEVEL,
    failpoints: read.DAYPASS_FAILPOINTS,
    listen: read.DAYPASS_GIT_HOST_LISTEN,
    dataDir: join(resolve(read.DAYPASS_DATA_DIR), 'git-host'),
    accountKeys: read.DAYPASS_GIT_HOST_KEYS,
    importHosts: read.DAYPASS_GIT_HOST_IMPORT_HOSTS,
    transfers: read.DAYPASS_GIT_HOST_TRANSFERS,
  };
}
