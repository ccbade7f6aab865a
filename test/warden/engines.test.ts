import { describe, expect, it } from 'vitest';
import { doctor } from '../../src/cli/doctor/doctor.ts';
import { ensureEngine } from '../../src/cli/up/setup/engine.ts';
import type { Machine } from '../../src/cli/up/setup/machine.ts';
import { loadEngineConfig } from '../../src/config.ts';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import type { Environment } from '../../src/settings.ts';
import { quietProgress } from '../cli/support/quiet-progress.ts';
import { startOwnEngine } from '../faults/rig/own-engine.ts';
import { DOCKER_20, DOCKER_28, PODMAN, REMAPPED, ROOTLESS } from '../support/engine-answers.ts';
import { startFakeEngine } from '../support/fake-engine.ts';
import { startTlsEngine } from '../support/tls-engine.ts';
import { isRoot } from '../support/as-root.ts';
import { startTestWarden } from '../support/warden.ts';
import { runInSandbox } from './support/run-in-sandbox.ts';

const START = { DAYPASS_DATA_DIR: '/nonexistent', HOME: '/nonexistent', PATH: process.env['PATH'] };

/** What `npm start` does before it builds anything; on this machine it may start no engine. */
async function setUpOn(env: Environment): Promise<void> {
  const { dockerHost, certDir } = loadEngineConfig(env);
  const machine: Machine = { isRoot: false, hasApt: false, env, find: async () => new Map() };
  const docker = connectDocker(dockerHost, certDir);
  await ensureEngine({ docker, machine, progress: quietProgress(), dataDir: '/nonexistent' });
}

/** What the doctor finds wrong with it. */
async function foundWrong(env: Environment): Promise<string[]> {
  const progress = quietProgress();
  const listen = { DAYPASS_API_LISTEN: '127.0.0.1:0', DAYPASS_GIT_HOST_LISTEN: '127.0.0.1:0' };
  await doctor({ env: { ...START, ...listen, ...env }, root: '/', progress });
  return progress.lines.filter((line) => line.startsWith('✗') && !line.startsWith('✗ image'));
}

describe('an engine on which no sandbox can be made', () => {
  it.each([
    ['Podman', PODMAN, 'It is Podman'],
    ['rootless Docker', ROOTLESS, 'It runs rootless'],
    ['userns-remap', REMAPPED, 'It runs with userns-remap'],
    [
      'no seccomp',
      { ...DOCKER_20, info: { ...DOCKER_20.info, SecurityOptions: [] } },
      'It has no seccomp, without which a sandbox is none',
    ],
  ])('is refused by the warden, by a start and by the doctor: %s', async (_, words, said) => {
    await using engine = await startFakeEngine(words);
    const env = { ...START, DOCKER_HOST: engine.host };
    const refusal = `This Docker engine is refused. ${said}`;
    await expect(startTestWarden({ dockerHost: engine.host })).rejects.toThrow(refusal);
    await expect(setUpOn(env)).rejects.toThrow(refusal);
    expect(await foundWrong(env)).toEqual([expect.stringContaining(`✗ engine kind: ${said}`)]);
  });

  it.runIf(isRoot)('is told by a real one that runs with userns-remap', async () => {
    await using engine = await startOwnEngine({ remapped: true });
    const env = { ...START, DOCKER_HOST: engine.host };
    await expect(startTestWarden({ dockerHost: engine.host })).rejects.toThrow('It runs with userns-remap');
    await expect(setUpOn(env)).rejects.toThrow('Take userns-remap out of /etc/docker/daemon.json');
    expect(await foundWrong(env)).toEqual([expect.stringContaining('✗ engine kind: It runs with userns-remap')]);
  });
});

describe('an engine that is asked over TLS', () => {
  it('makes sandboxes, for a client whose certificate it knows and that knows its own', async () => {
    await using engine = await startTlsEngine();
    const { host: dockerHost, certDir } = engine;
    const env = { ...START, DOCKER_HOST: dockerHost, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certDir };
    await setUpOn(env);
    expect(await foundWrong(env)).toEqual([]);
    await using warden = await startTestWarden({ dockerHost, certDir });
    expect(await runInSandbox(warden, ['echo', 'hello'])).toMatchObject({ exitCode: 0, stdout: 'hello\n' });
  });

  it('is not taken where its certificate is another authority’s, nor spoken to without TLS', async () => {
    await using engine = await startTlsEngine();
    const { host: dockerHost, strangersCertDir: certDir } = engine;
    await expect(startTestWarden({ dockerHost, certDir })).rejects.toThrow(/certificate/);
    await expect(setUpOn({ ...START, DOCKER_HOST: dockerHost })).rejects.toThrow(`no engine answers there`);
  });

  it('is refused at once where the files for it are not there', () => {
    const env = { DOCKER_HOST: 'tcp://127.0.0.1:2376', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/nonexistent' };
    expect(() => loadEngineConfig(env)).toThrow(
      'DOCKER_CERT_PATH must be a directory with ca.pem, cert.pem and key.pem, as DOCKER_TLS_VERIFY is set; ca.pem, cert.pem, key.pem cannot be read',
    );
  });
});

describe('an engine elsewhere', () => {
  it.each([
    'ssh://root@example.com',
    'ssh://example.com:22/run/docker.sock',
    'https://example.com',
    'npipe:////./pipe/d',
  ])('is refused with what to do: %s', async (host) => {
    const said = /DOCKER_HOST must be unix:\/\/\/PATH or tcp:\/\/HOST:PORT of an engine on this machine/;
    await expect(setUpOn({ ...START, DOCKER_HOST: host })).rejects.toThrow(said);
    await expect(foundWrong({ DOCKER_HOST: host })).rejects.toThrow(said);
  });

  it('is refused by the warden where it does not see the files of this machine', async () => {
    const message = 'invalid mount config for type "bind": bind source path does not exist: /x';
    await using engine = await startFakeEngine(DOCKER_28, {
      '/images/daypass/sandbox/json': { status: 200, json: { Id: `sha256:${'0'.repeat(64)}`, Config: {} } },
      '/containers/create': { status: 400, json: { message } },
    });
    await expect(startTestWarden({ dockerHost: engine.host })).rejects.toThrow(
      /The Docker engine cannot mount \/.*\/tools\/.*bind source path does not exist.*Point DOCKER_HOST at such an engine/,
    );
  });
});
