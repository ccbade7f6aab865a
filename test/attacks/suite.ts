import { AREAS, type Attack } from './attack.ts';
import { FLOODS } from './cases/api/floods.ts';
import { REQUESTS } from './cases/api/requests.ts';
import { FILES } from './cases/files.ts';
import { GIT } from './cases/git/host-and-clone.ts';
import { HOST } from './cases/isolation/host.ts';
import { INIT } from './cases/isolation/init.ts';
import { KERNEL } from './cases/isolation/kernel.ts';
import { LOGS } from './cases/logs.ts';
import { ADDRESSES } from './cases/network/addresses.ts';
import { PROTOCOL } from './cases/network/protocol.ts';
import { RESOURCES } from './cases/resources.ts';
import { TOKEN } from './cases/token.ts';

/** Every attack there is. */
export const SUITE: Attack[] = [
  ...HOST,
  ...KERNEL,
  ...INIT,
  ...RESOURCES,
  ...ADDRESSES,
  ...PROTOCOL,
  ...TOKEN,
  ...GIT,
  ...FILES,
  ...LOGS,
  ...REQUESTS,
  ...FLOODS,
];

/** For where minutes count: the first ones of each area. */
export const ONE_OF_EACH_AREA: Attack[] = AREAS.flatMap((area) =>
  SUITE.filter((attack) => attack.area === area).slice(0, 1),
);
