import { fileSettingOf } from '../../../secret-files.ts';
import type { Environment } from '../../../settings.ts';

export const ROLES = ['redis', 'git-host', 'minter', 'gateway', 'warden', 'api', 'worker'] as const;

/** In the order in which they start. */
export type RoleName = (typeof ROLES)[number];

/** Who asks others goes before those who answer. */
export const ENDING_ORDER: readonly RoleName[] = ['api', 'worker', 'warden', 'gateway', 'minter', 'git-host', 'redis'];

const PLACE = ['DAYPASS_DATA_DIR', 'DAYPASS_RUN_DIR'];
const LIMITS = [
  'DAYPASS_IMAGES',
  'DAYPASS_MAX_CPUS',
  'DAYPASS_MAX_MEMORY_MB',
  'DAYPASS_MAX_PIDS',
  'DAYPASS_MAX_DISK_MB',
];
const COMMON = ['DAYPASS_LOG_LEVEL', 'DAYPASS_FAILPOINTS'];

/** The settings that each role reads. */
const ROLE_SETTINGS: Record<RoleName, readonly string[]> = {
  redis: [],
  'git-host': [
    ...COMMON,
    ...PLACE,
    'DAYPASS_GIT_HOST_LISTEN',
    'DAYPASS_GIT_HOST_KEYS',
    'DAYPASS_GIT_HOST_IMPORT_HOSTS',
    'DAYPASS_GIT_HOST_TRANSFERS',
  ],
  minter: [
    ...COMMON,
    ...PLACE,
    'DAYPASS_REDIS_URL',
    'DAYPASS_REDIS_PERSISTENCE',
    'DAYPASS_RELACE_BASE_URL',
    'DAYPASS_RELACE_API_KEY',
    'DAYPASS_RELACE_READ_TOKENS',
    'DAYPASS_SEAL_KEYS',
    'DAYPASS_MINTER_NAME',
    'DAYPASS_MINTER_SOCKET',
    'DAYPASS_CREDENTIAL_SOCKET',
  ],
  warden: [
    ...COMMON,
    ...PLACE,
    ...LIMITS,
    'DAYPASS_RELACE_BASE_URL',
    'DOCKER_HOST',
    'DOCKER_TLS_VERIFY',
    'DOCKER_CERT_PATH',
    'DAYPASS_INSTALLATION',
    'DAYPASS_MEMORY_DIR',
    'DAYPASS_TOOLS_DIR',
    'DAYPASS_WARDEN_GID',
    'DAYPASS_GATEWAY_GID',
    'DAYPASS_DISK_DIR',
    'DAYPASS_DISK_WAY',
    'DAYPASS_DISK_RESERVE_MB',
    'DAYPASS_DISK_OVERCOMMIT',
    'DAYPASS_SANDBOX_RUNTIME',
  ],
  gateway: [
    ...COMMON,
    ...PLACE,
    'DAYPASS_RELACE_BASE_URL',
    'DAYPASS_CREDENTIAL_SOCKET',
    'DAYPASS_PUSH_CHECK_MB',
    'DAYPASS_GATEWAY_MAX_CONNECTIONS',
    'DAYPASS_GATEWAY_CONNECTIONS_PER_SECOND',
    'DAYPASS_GATEWAY_MAX_SENT_MB',
    'DAYPASS_GATEWAY_MAX_RECEIVED_MB',
    'DAYPASS_GATEWAY_RATE_KB_PER_SECOND',
    'DAYPASS_GATEWAY_DENY_ADDRESSES',
  ],
  api: [
    ...COMMON,
    'DAYPASS_LOG_DIR',
    'DAYPASS_KEEP_LOGS_HOURS',
    'DAYPASS_KEEP_IDEMPOTENCY_HOURS',
    'DAYPASS_KEEP_AUDIT_HOURS',
    'DAYPASS_TRUSTED_PROXIES',
    'DAYPASS_REDIS_URL',
    'DAYPASS_API_LISTEN',
    'DAYPASS_API_HOSTS',
    'DAYPASS_LOGIN_HOURS',
    'DAYPASS_LOGIN_IDLE_MINUTES',
    'DAYPASS_API_KEYS',
    ...LIMITS,
    'DAYPASS_MAX_TIMEOUT_SECONDS',
    'DAYPASS_DEBT_ALARM_SECONDS',
    'DAYPASS_WEBHOOK_PORTS',
    'DAYPASS_WEBHOOK_PRIVATE_HOSTS',
  ],
  worker: [
    ...COMMON,
    ...PLACE,
    'DAYPASS_LOG_DIR',
    'DAYPASS_KEEP_LOGS_HOURS',
    'DAYPASS_KEEP_SESSIONS_HOURS',
    'DAYPASS_REDIS_URL',
    'DAYPASS_REDIS_PERSISTENCE',
    'DAYPASS_RELACE_BASE_URL',
    'DAYPASS_INSTALLATION',
    'DAYPASS_WARDEN_SOCKET',
    'DAYPASS_MINTER_SOCKET',
    'DAYPASS_WORKER_NAME',
    'DAYPASS_WORKER_CONCURRENCY',
    'DAYPASS_TOKEN_GRACE_SECONDS',
    'DAYPASS_TOKEN_TTL_SECONDS',
    'DAYPASS_JOB_LOCK_SECONDS',
    'DAYPASS_LOG_LIMIT_MB',
    'DAYPASS_LOG_RATE_KB_PER_SECOND',
    'DAYPASS_WEBHOOK_PORTS',
    'DAYPASS_WEBHOOK_PRIVATE_HOSTS',
    'DAYPASS_WEBHOOK_RETRY_HOURS',
    'DAYPASS_WEBHOOK_CA_FILE',
  ],
};

/** What a role reads, with the settings that name the files of secret ones, and so all that it is given: nobody's keys but its own. */
export function settingsOf(role: RoleName): string[] {
  return ROLE_SETTINGS[role].flatMap((name) => [name, fileSettingOf(name)]).filter((name) => name !== null);
}

/** What any program needs to run, and says nothing about anybody. */
const BASE = ['PATH', 'HOME', 'LANG'];
/** Levels that would swallow the line by which a role says that it is ready. */
const TOO_QUIET = new Set(['warn', 'error', 'silent']);

/** The whole environment of one role's process. */
export function roleEnvironment(role: RoleName, settings: Environment): Record<string, string> {
  const names = [...BASE, ...settingsOf(role)];
  const env = Object.fromEntries(names.flatMap((name) => (settings[name] ? [[name, settings[name]]] : [])));
  if (TOO_QUIET.has(env['DAYPASS_LOG_LEVEL'] ?? '')) env['DAYPASS_LOG_LEVEL'] = 'info';
  return env;
}
