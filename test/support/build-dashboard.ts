import { ensureDashboard } from '../../src/dashboard/build/ensure.ts';

/** Before the first test: whoever runs the suite without `npm test` has the page of these sources too. */
export async function setup(): Promise<void> {
  await ensureDashboard();
}
