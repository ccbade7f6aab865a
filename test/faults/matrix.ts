import { diskCases } from './cases/disk.ts';
import { engineCases } from './cases/engine.ts';
import { failpointCases } from './cases/failpoints.ts';
import { providerCases } from './cases/provider.ts';
import { redisCases } from './cases/redis.ts';
import { roleCases } from './cases/roles.ts';
import type { FaultCase } from './fault-case.ts';

/** Every fault that Daypass is to outlive. */
export const MATRIX: FaultCase[] = [
  ...failpointCases,
  ...roleCases,
  ...redisCases,
  ...engineCases,
  ...providerCases,
  ...diskCases,
];
