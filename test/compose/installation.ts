import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Relace } from '@relace-ai/relace';
import type Docker from 'dockerode';
import { runProgram } from '../../src/cli/up/run-program.ts';
import { TESTED_SERVICE_IMAGE } from '../../src/images/service-image.ts';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { freePort } from '../support/free-port.ts';
import type { Stack } from '../support/stack.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const TIMEOUT_MS = 120_000;
export const SERVICES = ['host', 'redis', 'git-host', 'api', 'minter', 'gateway', 'warden', 'worker'] as const;
export type Service = (typeof SERVICES)[number];

/** Daypass as an operator has it from `docker compose up`, beside any other on this engine. */
export interface Installation extends Pick<Stack, 'call' | 'relace'>, AsyncDisposable {
  project: string;
  docker: Docker;
  apiPort: number;
  gitPort: number;
  /** What it has of the host, besides volumes. */
  places: { runDir: string; diskDir: string; toolsDir: string };
  /** All keys that were made for it. */
  secrets: string[];
  gitHostKey: string;
  /** `docker compose ARGS` for it; throws with what it said unless it ends well. Gives its standard output. */
  compose(...args: string[]): Promise<string>;
  /** What the engine says of a service's container. */
  inspect(service: Service): Promise<Docker.ContainerInspectInfo>;
}

/** Makes secrets and brings it up, as docs/compose.md says. Nothing of it is left when it is disposed of. */
export async function composeUp(): Promise<Installation> {
  const dir = await mkdtemp(join(tmpdir(), 'dp-compose-'));
  const project = `daypass-test-${randomBytes(4).toString('hex')}`;
  const [apiPort, gitPort] = [await freePort(), await freePort()];
  const places = { runDir: join(dir, 'run'), diskDir: join(dir, 'disks'), toolsDir: join(dir, 'tools') };
  const secretsDir = join(dir, 'secrets');
  await mkdir(secretsDir);
  const env = {
    ...process.env,
    DAYPASS_SERVICE_IMAGE: TESTED_SERVICE_IMAGE,
    DAYPASS_SECRETS_DIR: secretsDir,
    DAYPASS_RUN_DIR: places.runDir,
    DAYPASS_DISK_DIR: places.diskDir,
    DAYPASS_TOOLS_DIR: places.toolsDir,
    DAYPASS_INSTALLATION: project,
    DAYPASS_API_PORT: String(apiPort),
    DAYPASS_GIT_HOST_PORT: String(gitPort),
    DAYPASS_HEALTH_INTERVAL: '2s',
  };
  const compose = async (...args: string[]): Promise<string> => {
    const run = await runProgram('docker', ['compose', '--project-name', project, ...args], {
      env,
      cwd: ROOT,
      timeoutMs: TIMEOUT_MS,
    });
    if (run.code !== 0) throw new Error(`docker compose ${args.join(' ')} ended with ${run.code}:\n${run.output}`);
    return run.stdout;
  };
  const dispose = async (): Promise<void> => {
    await compose('--profile', 'tools', 'down', '--volumes', '--remove-orphans');
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await compose('run', '--rm', 'make-secrets');
    await compose('up', '--no-build', '--detach', '--wait');
  } catch (error) {
    const logs = await compose('logs', '--tail', '20').catch(() => '');
    await dispose();
    throw new Error(`It did not come up. Its logs:\n${logs}`, { cause: error });
  }
  const read = async (name: string): Promise<string> => (await readFile(join(secretsDir, name), 'utf8')).trim();
  const files = ['api-key', 'git-host-keys', 'seal/seal-keys'];
  const [apiKey = '', gitHostKey = '', sealKeys = ''] = await Promise.all(files.map(read)).catch(async (error) => {
    await dispose();
    throw error;
  });
  const sealKey = sealKeys.replace(/^k1:/, '');
  const docker = connectDocker(undefined);
  return {
    project,
    docker,
    apiPort,
    gitPort,
    places,
    secrets: [apiKey, gitHostKey, sealKey],
    gitHostKey,
    compose,
    inspect: (service) => docker.getContainer(`${project}-${service}-1`).inspect(),
    call: (method, path, body, headers = {}) =>
      fetch(`http://127.0.0.1:${apiPort}${path}`, {
        method,
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    relace: (key = gitHostKey) => new Relace({ apiKey: key, baseURL: `http://127.0.0.1:${gitPort}/v1`, maxRetries: 0 }),
    [Symbol.asyncDispose]: dispose,
  };
}
