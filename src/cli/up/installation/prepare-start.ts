import type { Environment } from '../../../settings.ts';
import type { RepoHost } from '../sample/git.ts';
import { claimPort } from './ports.ts';
import { ensureSecrets } from './secrets.ts';
import { checkSettings, dataDirOf, startSettings, urlOf, withRepoHost } from './settings.ts';

/** Everything that is known before the first process starts. */
export interface StartPlan {
  /** Of all roles; each is given its own part. */
  settings: Environment;
  installation: string;
  runDir: string;
  memoryDir: string;
  /** Where the sandboxes' disks lie. */
  diskDir: string;
  /** Without /v1. */
  apiUrl: string;
  apiKey: string;
  /** With /v1. */
  gitHostUrl: string;
  gitHostApiKey: string;
  /** Where sessions get their repos: our git host, or the one that the user has named. */
  repoHost: RepoHost;
}

export interface Prepared {
  dataDir: string;
  /** Sees whether the ports are free, and gives every role its settings. Throws naming the setting to change. */
  claimAddresses: () => Promise<StartPlan>;
}

/**
 * Reads and checks the settings of all roles, and makes the keys that are missing. Throws with all that is wrong before
 * anything is started. Ports are looked at in a second step, once the data directory is ours.
 */
export async function prepareStart({ env, root }: { env: Environment; root: string }): Promise<Prepared> {
  const dataDir = dataDirOf(env, root);
  const uid = process.getuid?.() ?? 0;
  const secrets = await ensureSecrets(dataDir);
  const given = startSettings({ env, dataDir, secrets, uid });
  const first = checkSettings(withRepoHost(given, 'http://127.0.0.1:1/v1'));
  return {
    dataDir,
    async claimAddresses(): Promise<StartPlan> {
      const api = { ...first.api.listen, port: await claimPort('DAYPASS_API_LISTEN', first.api.listen) };
      const gitHost = {
        ...first.gitHost.listen,
        port: await claimPort('DAYPASS_GIT_HOST_LISTEN', first.gitHost.listen),
      };
      const gitHostUrl = `${urlOf(gitHost)}/v1`;
      const settings = withRepoHost(
        {
          ...given,
          DAYPASS_API_LISTEN: `${api.host}:${api.port}`,
          DAYPASS_GIT_HOST_LISTEN: `${gitHost.host}:${gitHost.port}`,
        },
        gitHostUrl,
      );
      const { minter, warden, worker } = checkSettings(settings);
      return {
        settings,
        installation: worker.installation,
        runDir: worker.runDir,
        memoryDir: warden.memoryDir,
        diskDir: warden.disks.dir,
        apiUrl: urlOf(api),
        apiKey: first.api.keys[0]?.key.reveal() ?? '',
        gitHostUrl,
        gitHostApiKey: first.gitHost.accountKeys[0]?.reveal() ?? '',
        repoHost: { url: minter.relace.baseUrl, key: minter.relace.apiKey },
      };
    },
  };
}
