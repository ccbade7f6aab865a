import { expect, test } from 'vitest';
import { buildDashboardHere } from '../../../../src/cli/up/setup/dashboard.ts';
import { placesIn } from '../../../../src/dashboard/build/places.ts';

test('a checkout in which this user may not build is named, with what its owner can do', async () => {
  // Nobody may, not even root.
  await expect(buildDashboardHere(placesIn('/sys'))).rejects.toThrow(
    /may not write to \/sys\/dist\. Have the owner of \/sys run "npm start -- --exit" there once, or clone it/,
  );
});
