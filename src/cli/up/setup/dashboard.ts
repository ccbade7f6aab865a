import { dirname } from 'node:path';
import { ensureDashboard } from '../../../dashboard/build/ensure.ts';
import { HERE, type Places } from '../../../dashboard/build/places.ts';
import { CommandFailure } from '../failure.ts';
import { isRefusedToUser } from '../refused-to-user.ts';

/** Builds the dashboard's page where that is due. Throws with what to do where this user may not write to the checkout. */
export async function buildDashboardHere(places: Places = HERE): Promise<void> {
  try {
    await ensureDashboard(places);
  } catch (error) {
    if (!isRefusedToUser(error)) throw error;
    throw new CommandFailure(
      `The dashboard is not built yet, and user ${process.getuid?.()} may not write to ${dirname(places.built)}. ` +
        `Have the owner of ${places.root} run "npm start -- --exit" there once, or clone it into a directory of your own.`,
      { cause: error },
    );
  }
}
