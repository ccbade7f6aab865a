import type { Attack } from './attack.ts';
import { FLOODS } from './cases/api/floods.ts';
import { KEYS } from './cases/api/keys.ts';
import { DELIVERY } from './cases/delivery.ts';
import { INSIDE_TUNNELS } from './cases/network/inside-tunnels.ts';
import { LOGINS } from './cases/api/logins.ts';
import { PLAIN_TCP } from './cases/network/plain-tcp.ts';
import { REQUESTS } from './cases/api/requests.ts';
import { WEBHOOKS } from './cases/api/webhooks.ts';
import { FILES } from './cases/files.ts';
import { BODIES } from './cases/git/bodies.ts';
import { BY_GATEWAY_GIT } from './cases/git/by-gateway.ts';
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
  ...INSIDE_TUNNELS,
  ...PLAIN_TCP,
  ...TOKEN,
  ...DELIVERY,
  ...GIT,
  ...BODIES,
  ...BY_GATEWAY_GIT,
  ...FILES,
  ...LOGS,
  ...REQUESTS,
  ...KEYS,
  ...LOGINS,
  ...WEBHOOKS,
  ...FLOODS,
];

/** A few quick ones, one of each kind of defence, that every change is held against. */
export const SMOKE: Attack[] = SUITE.filter(({ name }) =>
  [
    'PID 1 cannot be traced, read or stopped',
    'what Daypass put into the sandbox cannot be replaced',
    'the host’s own services are out of reach, by whatever way and spelling',
    'a token opens no other repo, by git or by REST, to read or to write',
    'a line cannot pass for a record, an event or the end of the log',
    'prototype names and unknown fields are refused, and change nothing',
  ].includes(name),
);
