import { createRepo, settled, startSession, until } from '../../scenarios/session.ts';
import type { Check } from './check.ts';
import { PATIENCE, startDaypass } from './daypass.ts';
import { expectNoContainer, inGuest } from './in-guest.ts';

/** A host loses its power in the middle of a session; the next start settles it. */
export const reboot: Check = {
  name: 'a reboot with a session running: the next start revokes its token, and doctor finds nothing to mend',
  async run(guest) {
    let id: string;
    {
      // The reboot ends it; what stops it in the end finds nothing.
      await using daypass = await startDaypass(guest);
      const repo = await createRepo(daypass);
      ({ id } = await startSession(daypass, { repos: [{ id: repo }], command: ['sleep', '600'] }));
      await until(daypass, id, ({ status }) => status === 'running', PATIENCE);
      await guest.reset();
    }
    {
      await using daypass = await startDaypass(guest);
      const { status, token } = await settled(daypass, id, PATIENCE);
      if (status !== 'failed' || token?.state !== 'revoked') {
        throw new Error(`The session ended as ${status}, its token as ${token?.state}`);
      }
      await inGuest(guest, 'node_modules/.bin/node src/cli/daypass.mjs doctor');
    }
    await expectNoContainer(guest);
  },
};
