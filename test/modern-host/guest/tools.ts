import type { Need } from '../../../src/cli/up/setup/needs.ts';

/** What making and booting a guest takes on this machine. */
export const GUEST_TOOLS: Need[] = [
  { program: 'mmdebstrap', packages: ['mmdebstrap'] },
  { program: 'mke2fs', packages: ['e2fsprogs'] },
  { program: 'qemu-img', packages: ['qemu-utils'] },
  { program: 'qemu-system-x86_64', packages: ['qemu-system-x86'] },
  { program: 'ssh', packages: ['openssh-client'] },
  { program: 'setpriv', packages: ['util-linux'] },
];
