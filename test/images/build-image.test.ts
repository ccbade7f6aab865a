import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildImage, stageImage, stagesIn } from '../../src/images/build-image.ts';
import { ensureSandboxImage, SANDBOX_IMAGE } from '../../src/images/sandbox-image.ts';
import { connectDocker } from '../../src/runtime/docker/connect.ts';

const docker = connectDocker(process.env['DOCKER_HOST']);
const mark = randomUUID();
const name = `daypass-test/build-${mark}`;
let dir: string;

beforeAll(async () => {
  await ensureSandboxImage({ docker, onProgress: () => {} });
  dir = await mkdtemp(join(tmpdir(), 'daypass-build-'));
}, 300_000);
afterAll(async () => {
  const mine = await docker.listImages({ filters: { label: [`daypass.test=${mark}`] } });
  for (const { Id } of mine) await docker.getImage(Id).remove({ force: true });
  await rm(dir, { recursive: true, force: true });
});

/** Builds an image with two stages besides, one of them from the other; gives the steps that were not cached. */
async function build(content: string): Promise<string[]> {
  const text = [
    `FROM ${SANDBOX_IMAGE} AS packages`,
    `LABEL daypass.test=${mark}`,
    'COPY first /tmp/first',
    'FROM packages AS tools',
    'COPY second /tmp/second',
    `FROM ${SANDBOX_IMAGE}`,
    `LABEL daypass.test=${mark}`,
    'COPY --from=tools /tmp/second /tmp/tool',
  ].join('\n');
  await writeFile(join(dir, 'Dockerfile'), text);
  await writeFile(join(dir, 'first'), 'always the same');
  await writeFile(join(dir, 'second'), content);
  const lines: string[] = [];
  await buildImage(docker, {
    name,
    dockerfile: { path: 'Dockerfile', text },
    context: async () => ({ files: { context: dir, src: ['Dockerfile', 'first', 'second'] } }),
    onLine: (line) => lines.push(line),
  });
  return lines.filter(
    (line, i) => line.startsWith('Step ') && /COPY/.test(line) && !lines[i + 1]?.includes('Using cache'),
  );
}

/** Names of all images of this test; `<none>` where one has no name. */
async function images(): Promise<string[]> {
  const found = await docker.listImages({ filters: { label: [`daypass.test=${mark}`] } });
  return found.flatMap(({ RepoTags }) => (RepoTags?.length ? RepoTags : ['<none>:<none>'])).toSorted();
}

test('a build leaves no image without a name, however often its files change, and does not repeat what did not', async () => {
  const all = [
    `${name}:latest`,
    `${stageImage(name, 'packages')}:latest`,
    `${stageImage(name, 'tools')}:latest`,
  ].toSorted();
  expect(await build('one')).not.toEqual([]);
  expect(await images()).toEqual(all);
  expect(await build('one')).toEqual([]);
  for (const content of ['two', 'three']) {
    expect((await build(content)).join()).not.toContain('COPY first');
    expect(await images()).toEqual(all);
  }
});

test('stages are known by their names, and no session may run their images', () => {
  expect(stagesIn('ARG BASE\nFROM ${BASE} AS tools\nRUN x\nFROM a as b\nFROM c\nFROM tools AS last\n')).toEqual([
    'tools',
    'b',
  ]);
  expect(stageImage('daypass/sandbox', 'tools')).toBe('daypass-build/daypass-sandbox-tools');
});
