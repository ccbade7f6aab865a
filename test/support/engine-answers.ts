import type { EngineWords } from './fake-engine.ts';

/*
 * What engines have said of themselves: `GET /version` and `GET /info`, each cut to what is looked at.
 */

const component = (Name: string, Version: string) => ({ Name, Version });
const runtimes = { 'io.containerd.runc.v2': { path: 'runc' }, runc: { path: 'runc' } };

export const DOCKER_20 = {
  version: {
    Version: '20.10.24+dfsg1',
    ApiVersion: '1.41',
    Components: [
      component('Engine', '20.10.24+dfsg1'),
      component('containerd', '1.6.20~ds1'),
      component('runc', '1.1.5+ds1'),
      component('docker-init', '0.19.0'),
    ],
  },
  info: { ID: 'IAZS:GTUY', Runtimes: runtimes, SecurityOptions: ['name=seccomp,profile=default'] },
} satisfies EngineWords;

const COMPONENTS_28 = [
  component('Engine', '28.5.2+dfsg4'),
  component('containerd', '2.1.9+unknown'),
  component('runc', '1.3.6+ds1'),
  component('docker-init', '0.19.0'),
];

export const DOCKER_28 = {
  version: { Version: '28.5.2+dfsg4', ApiVersion: '1.51', Components: COMPONENTS_28 },
  info: {
    ID: 'f17aa94c-d2e8-439c-a16d-ad8037cef8e7',
    Runtimes: runtimes,
    SecurityOptions: ['name=apparmor', 'name=seccomp,profile=builtin', 'name=cgroupns'],
  },
} satisfies EngineWords;

export const REMAPPED = {
  ...DOCKER_28,
  info: { ...DOCKER_28.info, SecurityOptions: ['name=seccomp,profile=builtin', 'name=userns'] },
} satisfies EngineWords;

export const ROOTLESS = {
  version: {
    ...DOCKER_28.version,
    Components: [...COMPONENTS_28, component('rootlesskit', '2.3.5'), component('slirp4netns', '1.2.1')],
  },
  info: { ...DOCKER_28.info, SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless'] },
} satisfies EngineWords;

export const PODMAN = {
  version: {
    Version: '5.8.6',
    ApiVersion: '1.44',
    Components: [
      component('Podman Engine', '5.8.6'),
      component('Conmon', 'conmon version 2.1.13, commit: unknown'),
      component('OCI Runtime (runc)', 'runc version 1.3.6+ds1'),
    ],
  },
  info: {
    ID: 'f6f696bf-0ef4-4dba-b78f-82bfdfd6f731',
    Runtimes: { crun: { path: '/usr/bin/crun' }, runc: { path: '/usr/bin/runc' } },
    SecurityOptions: ['name=seccomp,profile=default'],
  },
} satisfies EngineWords;
