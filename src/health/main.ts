import { describe } from '../errors.ts';
import { HEALTH_CHECKS } from './checks.ts';

/*
 * `node src/health/main.ts ROLE`, for whoever supervises the roles: ends with 0 when the role that has these settings can
 * do its work, else with 1 and a line that says why not. It runs every few seconds, so it loads little.
 */

const [role = ''] = process.argv.slice(2);
try {
  const check = HEALTH_CHECKS[role];
  if (check === undefined) throw new Error(`there is no such role; there are ${Object.keys(HEALTH_CHECKS).join(', ')}`);
  await check();
} catch (error) {
  process.stderr.write(`${role}: ${describe(error)}\n`);
  process.exitCode = 1;
}
