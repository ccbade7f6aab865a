import { loadApiConfig, loadCliConfig, loadGitHostConfig, loadWardenConfig } from '../../config.ts';
import type { Environment } from '../../settings.ts';
import { Secret } from '../../token/secret.ts';
import { holderOf } from '../up/installation/lock.ts';
import { readSecrets } from '../up/installation/secrets.ts';
import { checkSettings, dataDirOf, startSettings, urlOf, withRepoHost } from '../up/installation/settings.ts';
import { readStartFile } from '../up/installation/start-file.ts';
import type { ApiPlace } from './api-checks.ts';
import type { Port } from './port-checks.ts';

export type RoleConfigs = ReturnType<typeof checkSettings>;

/** What can be seen from where the doctor was called. */
export type Sight =
  /** All of an installation: it is this machine's. */
  | { what: 'installation'; configs: RoleConfigs; api: ApiPlace; ports: Port[] }
  /** An API elsewhere. */
  | { what: 'api'; api: ApiPlace }
  /** A machine on which nothing runs, and `why` as part of a sentence. */
  | { what: 'machine'; why: string; ports: Port[]; toolsDir: string };

const UNMADE = { installation: 'none', apiKey: 'made-at-the-start', gitHostKey: 'made-at-the-start' };

/**
 * The settings as the roles have them: those of the environment where it names a Redis, as an operator's does; else those
 * of the `npm start` that this data directory belongs to. Where DAYPASS_API_URL and DAYPASS_API_KEY name another API than
 * that one's, it alone. Throws `SettingsError` with all that is wrong.
 */
export async function doctorSees({ env, root }: { env: Environment; root: string }): Promise<Sight> {
  const named = loadCliConfig(env);
  if (env['DAYPASS_REDIS_URL'] || env['DAYPASS_REDIS_URL_FILE']) return installation(checkSettings(env), named);
  const dataDir = dataDirOf(env, root);
  const [secrets, started] = [await readSecrets(dataDir), await readStartFile(dataDir)];
  const isElsewhere = named.apiUrl !== undefined && withoutSlash(named.apiUrl) !== started?.apiUrl;
  if (isElsewhere && named.apiUrl !== undefined) {
    return { what: 'api', api: { url: withoutSlash(named.apiUrl), key: named.apiKey ?? new Secret('') } };
  }
  const uid = process.getuid?.() ?? 0;
  if (secrets === null || (started === null && (await holderOf(dataDir)) === null)) {
    const why = `as nothing ${secrets === null ? 'was ever started' : 'runs'} on ${dataDir}: npm start`;
    const settings = startSettings({ env, dataDir, secrets: secrets ?? UNMADE, uid });
    const { toolsDir } = loadWardenConfig(settings);
    return { what: 'machine', why, ports: portsOf(loadApiConfig(settings), loadGitHostConfig(settings)), toolsDir };
  }
  const settings = startSettings({ env, dataDir, secrets, uid });
  // The port may have been chosen at the start.
  const gitHostUrl = started?.gitHostUrl ?? `${urlOf(loadGitHostConfig(settings).listen)}/v1`;
  return installation(checkSettings(withRepoHost(settings, gitHostUrl)), {
    apiUrl: started?.apiUrl,
    apiKey: named.apiKey,
  });
}

function installation(configs: RoleConfigs, named: { apiUrl: string | undefined; apiKey: Secret | undefined }): Sight {
  const { api, gitHost } = configs;
  const url = withoutSlash(named.apiUrl ?? urlOf(api.listen));
  const key = named.apiKey ?? api.keys[0]?.key ?? new Secret('');
  return { what: 'installation', configs, api: { url, key }, ports: portsOf(api, gitHost) };
}

function portsOf(api: Pick<RoleConfigs['api'], 'listen'>, gitHost: Pick<RoleConfigs['gitHost'], 'listen'>): Port[] {
  return [
    { role: 'API', setting: 'DAYPASS_API_LISTEN', listen: api.listen },
    { role: 'git host', setting: 'DAYPASS_GIT_HOST_LISTEN', listen: gitHost.listen },
  ];
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
