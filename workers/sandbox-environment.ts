import { SANDBOX_HOST_NAME } from '../src/runtime/sandbox-host-name.ts';
import { GIT_LISTENER } from '../src/egress/git/git-gateway.ts';
import type { RepoHost } from '../src/session/repo-host.ts';
import type { SessionRecord } from '../src/session/record.ts';
import { STDIN_SECRET } from '../src/session/stdin.ts';
import type { SandboxGrant } from '../src/token/minter/client.ts';
import { revealAll } from '../src/token/secret.ts';

const PROXY_URL = 'http://127.0.0.1:3128';

/** What the worker adds to the environments that init begins with; in this order, a later one wins. */
export interface SandboxEnvironment {
  /** Of steps and agent, whatever the image says. */
  user: Record<string, string>;
  /** What the request asks for: no step of ours sees it. */
  request: Record<string, string>;
  /** Of steps and agent, whatever the request says: keeps the token where it belongs. */
  session: Record<string, string>;
}

/** What everything that runs in a session's sandbox is given, in clear: only for the orders to its init. */
export function sandboxEnvironment(
  session: SessionRecord,
  grant: SandboxGrant,
  repoHost: RepoHost,
): SandboxEnvironment {
  // Sealed among them, and no variable.
  const { [STDIN_SECRET]: _, ...variables } = grant.secrets;
  return {
    user: { HOME: '/home/agent', USER: 'agent' },
    request: { ...session.request.env, ...revealAll(variables) },
    session: sessionEnvironment(session, grant, repoHost),
  };
}

function sessionEnvironment(session: SessionRecord, grant: SandboxGrant, repoHost: RepoHost): Record<string, string> {
  return {
    ...gitEnvironment(gitSettings(session, grant.access.repoOrigin)),
    ...proxyEnvironment(repoHost),
    ...grant.access.env,
    ...revealAll(grant.access.secretEnv),
    DAYPASS_SESSION_ID: session.id,
    DAYPASS_REPO_ORIGIN: grant.access.repoOrigin,
  };
}

/**
 * Git asks our helper for credentials, for the repo host alone; or no one, where the gateway adds them, to which the URLs
 * of the repo host then lead. Of the repo host it follows no redirect, which could lead the credential elsewhere. What has no
 * credential is as git has it; repos on the sandbox's own disk also as submodules. As environment these settings come after every
 * file, so no `.git/config` of a repo undoes them.
 */
function gitSettings({ request }: SessionRecord, repoOrigin: string): [string, string][] {
  const gateway = `http://${GIT_LISTENER.address}:${GIT_LISTENER.port}`;
  const byGateway = request.credentials.delivery === 'gateway';
  return [
    ['credential.helper', ''],
    byGateway
      ? [`url.${gateway}/.insteadOf`, `${repoOrigin}/`]
      : [`credential.${repoOrigin}.helper`, '/opt/daypass/bin/git-credential-daypass'],
    [`http.${byGateway ? gateway : repoOrigin}/.followRedirects`, 'false'],
    ['protocol.file.allow', 'always'],
  ];
}

function gitEnvironment(config: [string, string][]): Record<string, string> {
  const numbered = config.flatMap(([key, value], i) => [
    [`GIT_CONFIG_KEY_${i}`, key],
    [`GIT_CONFIG_VALUE_${i}`, value],
  ]);
  return {
    GIT_CONFIG_SYSTEM: '/opt/daypass/gitconfig',
    GIT_CONFIG_COUNT: String(config.length),
    ...(Object.fromEntries(numbered) as Record<string, string>),
    // What `git -c` makes of the same, and git before 2.31 reads instead.
    GIT_CONFIG_PARAMETERS: config.map(([key, value]) => `'${key}=${value}'`).join(' '),
    GIT_TERMINAL_PROMPT: '0',
  };
}

/**
 * Nothing depends on them, since names lead to the gateway anyway; but a proxy's refusal says why in words, where a
 * connection is only reset.
 */
function proxyEnvironment({ host }: RepoHost): Record<string, string> {
  // Some tools know the form of a network, and others only whole names and addresses.
  const own = ['127.0.0.1', '127.0.0.2', '127.0.1.1', '127.0.0.0/8', '0.0.0.0', '::1', '[::1]', SANDBOX_HOST_NAME];
  const direct = ['localhost', '.localhost', ...own, host].join(',');
  return {
    http_proxy: PROXY_URL,
    https_proxy: PROXY_URL,
    HTTP_PROXY: PROXY_URL,
    HTTPS_PROXY: PROXY_URL,
    no_proxy: direct,
    NO_PROXY: direct,
    // Node's own fetch reads the proxy variables only when told to (Node 24).
    NODE_USE_ENV_PROXY: '1',
  };
}
