import { join, resolve } from 'node:path';
import {
  loadApiConfig,
  loadGatewayConfig,
  loadGitHostConfig,
  loadMinterConfig,
  loadWardenConfig,
  loadWorkerConfig,
  type ListenAddress,
} from '../../../config.ts';
import { fileSettingOf, findSetting } from '../../../secret-files.ts';
import { SettingsError, type Environment } from '../../../settings.ts';
import { defaultRunDir } from './run-dir.ts';
import { sealKeysFileOf } from './seal-keys-file.ts';
import type { InstallationSecrets } from './secrets.ts';

const MAX_SOCKET_PATH_BYTES = 107;

export function dataDirOf(env: Environment, root: string): string {
  return env['DAYPASS_DATA_DIR'] ? resolve(env['DAYPASS_DATA_DIR']) : join(root, 'data');
}

export function redisSocketOf(dataDir: string): string {
  return join(dataDir, 'redis', 'redis.sock');
}

/**
 * The settings of all roles: what the user has set, else what one machine on its own needs. A user who names a hosted
 * repo host gets it; the git host is started all the same. Ports of 0 are still to be filled in.
 */
export function startSettings(options: {
  env: Environment;
  dataDir: string;
  secrets: InstallationSecrets;
  uid: number;
}): Environment {
  const { env, dataDir, secrets, uid } = options;
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const own: Environment = {
    DAYPASS_RUN_DIR: defaultRunDir({ installation: secrets.installation, uid, runtimeDir: env['XDG_RUNTIME_DIR'] }),
    DAYPASS_LOG_DIR: join(dataDir, 'session-logs'),
    DAYPASS_REDIS_URL: redisSocketOf(dataDir),
    DAYPASS_API_LISTEN: '127.0.0.1:7070',
    DAYPASS_API_KEYS: `start:${secrets.apiKey}`,
    DAYPASS_GIT_HOST_LISTEN: '127.0.0.1:7080',
    DAYPASS_GIT_HOST_KEYS: secrets.gitHostKey,
    ...(given['DAYPASS_SEAL_KEYS'] === undefined && { DAYPASS_SEAL_KEYS_FILE: sealKeysFileOf(dataDir) }),
    DAYPASS_INSTALLATION: secrets.installation,
  };
  const isInFile = (name: string): boolean => given[fileSettingOf(name) ?? ''] !== undefined;
  const made = Object.fromEntries(Object.entries(own).filter(([name]) => !isInFile(name)));
  return { ...made, ...given, DAYPASS_DATA_DIR: dataDir };
}

/** Our own git host as the repo host, unless the user has named one. `gitHostUrl` with /v1. */
export function withRepoHost(settings: Environment, gitHostUrl: string): Environment {
  const names = ['DAYPASS_RELACE_API_KEY', 'DAYPASS_RELACE_API_KEY_FILE', 'DAYPASS_RELACE_BASE_URL'];
  if (names.some((name) => settings[name])) return settings;
  const keys = findSetting(settings, 'DAYPASS_GIT_HOST_KEYS');
  // What is wrong with a file is said where all settings are checked.
  const [accountKey = ''] = ('value' in keys ? (keys.value ?? '') : '').split(',');
  return {
    ...settings,
    DAYPASS_RELACE_BASE_URL: gitHostUrl,
    DAYPASS_RELACE_API_KEY: accountKey.trim(),
    DAYPASS_RELACE_READ_TOKENS: settings['DAYPASS_RELACE_READ_TOKENS'] ?? 'true',
  };
}

export function urlOf({ host, port }: ListenAddress): string {
  return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
}

/** What every role would make of its settings. Throws one `SettingsError` with all that is wrong with any of them. */
export function checkSettings(settings: Environment) {
  const wrong = new Set<string>();
  const check = <T>(load: (env: Environment) => T): T | undefined => {
    try {
      return load(settings);
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      for (const line of error.message.split('\n').slice(1)) wrong.add(line);
      return undefined;
    }
  };
  const [api, gitHost] = [check(loadApiConfig), check(loadGitHostConfig)];
  const [minter, gateway] = [check(loadMinterConfig), check(loadGatewayConfig)];
  const [warden, worker] = [check(loadWardenConfig), check(loadWorkerConfig)];
  if (Buffer.byteLength(redisSocketOf(settings['DAYPASS_DATA_DIR'] ?? '')) > MAX_SOCKET_PATH_BYTES) {
    wrong.add('  DAYPASS_DATA_DIR is too long: the path of a Unix socket below it may have 107 bytes');
  }
  if (wrong.size > 0 || !api || !gitHost || !minter || !gateway || !warden || !worker) {
    throw new SettingsError(`These settings are wrong, so nothing was started:\n${[...wrong].join('\n')}`);
  }
  return { api, gitHost, minter, gateway, warden, worker };
}
