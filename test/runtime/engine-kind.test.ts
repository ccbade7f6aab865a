import { describe, expect, it } from 'vitest';
import { infoAnswer, kindProblems } from '../../src/runtime/docker/engine-kind.ts';
import { versionAnswer } from '../../src/runtime/docker/engine-versions.ts';
import { DOCKER_20, DOCKER_28, PODMAN, REMAPPED, ROOTLESS } from '../support/engine-answers.ts';
import type { EngineWords } from '../support/fake-engine.ts';

const problems = ({ version, info }: EngineWords): string[] =>
  kindProblems(versionAnswer.parse(version), infoAnswer.parse(info));

describe('an engine by its kind', () => {
  it.each([
    ['Docker 20.10', DOCKER_20],
    ['Docker 28.5 with containerd’s image store', DOCKER_28],
  ])('has nothing against it: %s', (_, engine) => {
    expect(problems(engine)).toEqual([]);
  });

  it.each([
    ['Podman', PODMAN, /Podman.*DOCKER_HOST/],
    ['rootless', ROOTLESS, /rootless.*DOCKER_HOST/],
    ['userns-remap', REMAPPED, /userns-remap.*daemon\.json.*restart/],
    ['no seccomp', { ...DOCKER_20, info: { ...DOCKER_20.info, SecurityOptions: ['name=apparmor'] } }, /seccomp/],
    ['no word of its security', { ...DOCKER_20, info: { ...DOCKER_20.info, SecurityOptions: null } }, /seccomp/],
  ])('is refused with what to do: %s', (_, engine, said) => {
    expect(problems(engine)).toEqual([expect.stringMatching(said)]);
  });
});
