import { createRepo, settled, startSession, until } from '../../scenarios/session.ts';
import type { Check } from './check.ts';
import { PATIENCE, startDaypass } from './daypass.ts';
import { expectNoContainer, inGuest } from './in-guest.ts';

/** Without live-restore, the engine of a distribution ends all containers when its service is restarted. */
export const engineRestart: Check = {
  name: 'a restart of the engine ends the session, its token dies, and the next session starts',
  async run(guest) {
    {
      await using daypass = await startDaypass(guest);
      const repo = await createRepo(daypass);
      const { id } = await startSession(daypass, { repos: [{ id: repo }], command: ['sleep', '600'] });
      await until(daypass, id, ({ status }) => status === 'running', PATIENCE);
      await inGuest(guest, 'systemctl restart docker');
      const { status, token } = await settled(daypass, id, PATIENCE);
      if (status !== 'failed' || token?.state !== 'revoked') {
        throw new Error(`The session ended as ${status}, its token as ${token?.state}`);
      }
      const next = await startSession(daypass, { repos: [{ id: repo }], command: ['true'] });
      const after = await settled(daypass, next.id, PATIENCE);
      if (after.status !== 'succeeded') throw new Error(`The next session: ${JSON.stringify(after.failure)}`);
    }
    await expectNoContainer(guest);
  },
};
