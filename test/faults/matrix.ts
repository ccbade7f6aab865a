import { diskCases } from './cases/disk.ts';
import { engineCases } from './cases/engine.ts';
import { failpointCases } from './cases/failpoints.ts';
import { gatewayDeliveryCases } from './cases/gateway-delivery.ts';
import { ownFaultCases } from './cases/own-faults.ts';
import { providerCases } from './cases/provider.ts';
import { redisCases } from './cases/redis.ts';
import { roleCases } from './cases/roles.ts';
import { webhookCases } from './cases/webhooks.ts';
import type { FaultCase } from './fault-case.ts';

/** Every fault that Daypass is to outlive. */
export const MATRIX: FaultCase[] = [
  ...failpointCases,
  ...roleCases,
  ...redisCases,
  ...engineCases,
  ...providerCases,
  ...diskCases,
  ...gatewayDeliveryCases,
  ...webhookCases,
  ...ownFaultCases,
];

const SHORT = new Set([
  'failpoint.worker.minted',
  'failpoint.minter.spooled',
  'role.worker_killed',
  'role.warden_killed',
  'redis.killed',
  'redis.replies_to_scripts_lost',
  'engine.killed_with_live_restore',
  'engine.killed_with_process_made',
  'container.killed',
  'provider.mint_reset_after_commit',
  'provider.delete_not_forwarded',
  'disk.full_under_the_spool',
  'own_fault.worker.log_drained',
]);

/** What `--short` tries. */
export const ONE_OF_EACH_CLASS: FaultCase[] = MATRIX.filter(({ name }) => SHORT.has(name));

const FEW = new Set([
  'failpoint.worker.minted',
  'role.worker_killed',
  'redis.killed',
  'provider.delete_not_forwarded',
  'own_fault.secrets_that_are_words_of_ours',
]);

/** What is tried with every run of the suite: that the rig works, and sees what the laws are about. */
export const A_FEW: FaultCase[] = MATRIX.filter(({ name }) => FEW.has(name));
