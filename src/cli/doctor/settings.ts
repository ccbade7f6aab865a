import { readSecrets } from '../up/installation/secrets.ts';
import { checkSettings, dataDirOf, startSettings, urlOf, withRepoHost } from '../up/installation/settings.ts';
import { readStartFile } from '../up/installation/start-file.ts';
import { loadGitHostConfig } from '../../config.ts';
import type { Environment } from '../../settings.ts';

export type RoleConfigs = ReturnType<typeof checkSettings>;

/**
 * The settings as the roles have them: those of the environment where it names a Redis, as an operator's does; else those
 * of the `npm start` that this data directory belongs to. Throws `SettingsError` with all that is wrong.
 */
export async function doctorSettings({ env, root }: { env: Environment; root: string }): Promise<RoleConfigs> {
  if (env['DAYPASS_REDIS_URL'] || env['DAYPASS_REDIS_URL_FILE']) return checkSettings(env);
  const dataDir = dataDirOf(env, root);
  const secrets = await readSecrets(dataDir);
  if (secrets === null) return checkSettings({ ...env, DAYPASS_DATA_DIR: dataDir });
  const settings = startSettings({ env, dataDir, secrets, uid: process.getuid?.() ?? 0 });
  // The port may have been chosen at the start.
  const gitHostUrl = (await readStartFile(dataDir))?.gitHostUrl ?? `${urlOf(loadGitHostConfig(settings).listen)}/v1`;
  return checkSettings(withRepoHost(settings, gitHostUrl));
}
