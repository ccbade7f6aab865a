import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contextProblem } from '../../../../src/cli/up/setup/selected-context.ts';
import { ensureEngine } from '../../../../src/cli/up/setup/engine.ts';
import { perform } from '../../../../src/cli/doctor/check.ts';
import { contextCheck } from '../../../../src/cli/doctor/engine-checks.ts';
import { connectDocker } from '../../../../src/runtime/docker/connect.ts';
import { quietProgress } from '../../support/quiet-progress.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('a context that is selected is refused by a start and by the doctor, with what to do', async () => {
  await using home = await temporaryDirectory();
  const file = join(home.path, '.docker', 'config.json');
  await mkdir(join(file, '..'));
  await writeFile(file, JSON.stringify({ auths: {}, currentContext: 'rootless' }));
  const said = `The docker context "rootless" is selected by ${file}, and Daypass reads no contexts. Set DOCKER_HOST to the `;
  const env = { HOME: home.path };
  const machine = { isRoot: false, hasApt: false, env, find: async () => new Map() };
  const docker = connectDocker(process.env['DOCKER_HOST']);
  const start = ensureEngine({ docker, machine, progress: quietProgress(), dataDir: '/nonexistent' });
  await expect(start).rejects.toThrow(said);
  expect((await perform(contextCheck(env))).lines[0]).toContain(`✗ docker context: ${said}`);
});

test('DOCKER_HOST goes before any context, and the default one is none', async () => {
  await using home = await temporaryDirectory();
  const select = (text: string) => writeFile(join(home.path, 'config.json'), text);
  const env = { DOCKER_CONFIG: home.path };
  expect(await contextProblem(env)).toBeNull();
  await select('{"currentContext":"far"}');
  expect(await contextProblem(env)).toContain('"far"');
  expect(await contextProblem({ ...env, DOCKER_HOST: 'unix:///x.sock' })).toBeNull();
  expect(await contextProblem({ ...env, DOCKER_CONTEXT: 'default' })).toBeNull();
  expect(await contextProblem({ ...env, DOCKER_CONTEXT: 'near' })).toContain('"near" is selected by DOCKER_CONTEXT');
  for (const text of ['{"currentContext":"default"}', '{"currentContext":""}', '{}', 'no JSON']) {
    await select(text);
    expect(await contextProblem(env)).toBeNull();
  }
});
