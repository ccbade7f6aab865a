import { z } from 'zod';
import type { VersionAnswer } from './engine-versions.ts';

/** What of `GET /info` is looked at (Engine API, SystemInfo). */
export const infoAnswer = z.object({
  ID: z.string().default(''),
  NCPU: z.number().default(1),
  /** Bytes. */
  MemTotal: z.number().default(0),
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
  SecurityOptions: z.array(z.string()).nullish(),
});

export type InfoAnswer = z.output<typeof infoAnswer>;

const USUAL = 'Use a Docker Engine that root runs: unset DOCKER_HOST, or set it to unix:///var/run/docker.sock.';

/** Why no sandbox can be made on an engine of this kind, as sentences that say what to do; none: it can. Pure. */
export function kindProblems({ Components }: VersionAnswer, { SecurityOptions }: InfoAnswer): string[] {
  // Its options mean other things.
  if (Components?.some(({ Name }) => Name.startsWith('Podman')) === true) {
    return [`It is Podman, and Daypass is made for Docker Engine. ${USUAL}`];
  }
  const has = (option: string): boolean => SecurityOptions?.some((text) => text.split(',')[0] === option) === true;
  return [
    ...(has('name=rootless')
      ? [
          `It runs rootless, so users in its containers are others on this machine, and sandboxes could not use their directories. ${USUAL}`,
        ]
      : []),
    ...(has('name=userns')
      ? [
          'It runs with userns-remap, so users in its containers are others on this machine, and sandboxes could not use their ' +
            "directories. Take userns-remap out of /etc/docker/daemon.json (or --userns-remap out of dockerd's arguments) and restart it.",
        ]
      : []),
    ...(has('name=seccomp') ? [] : ['It has no seccomp, without which a sandbox is none. Use a kernel that has it.']),
  ];
}
