import type { Check } from './check.ts';
import { expectNoContainer, inGuest } from './in-guest.ts';

/** What a newcomer does first, as root, with no setting. */
export const firstStart: Check = {
  name: 'npm start -- --exit runs its sample session, sees its token refused, and leaves nothing',
  async run(guest) {
    const said = await inGuest(guest, 'npm start -- --exit');
    if (!said.includes('seen refused')) throw new Error(`It did not tell that the token was seen refused:\n${said}`);
    await expectNoContainer(guest);
  },
};
