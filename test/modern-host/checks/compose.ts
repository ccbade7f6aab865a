import { TESTED_SERVICE_IMAGE } from '../../../src/images/service-image.ts';
import { createRepo, logOf, settled, startSession } from '../../scenarios/session.ts';
import type { Check } from './check.ts';
import { PATIENCE, reach } from './daypass.ts';
import { inGuest } from './in-guest.ts';

/** An emulated guest starts a program of Node in 10 s. */
const SETTINGS = `DAYPASS_SERVICE_IMAGE=${TESTED_SERVICE_IMAGE} DAYPASS_HEALTH_TIMEOUT=120s DAYPASS_HEALTH_INTERVAL=20s`;
const PUSH = 'echo more >> README.md && git commit --quiet --all --message more && git push --quiet origin HEAD:more';

/** docs/compose.md, with images that are there. */
export const compose: Check = {
  name: 'a session under Docker Compose has a disk, pushes, and its token is revoked',
  async run(guest) {
    const call = (args: string): Promise<string> => inGuest(guest, `${SETTINGS} docker compose ${args}`);
    try {
      await call('run --rm make-secrets');
      await call('up --no-build --detach --wait --wait-timeout 800');
      const read = async (name: string): Promise<string> => (await inGuest(guest, `cat secrets/${name}`)).trim();
      await using daypass = await reach(guest, {
        apiKey: await read('api-key'),
        gitHostKey: await read('git-host-keys'),
      });
      const repo = await createRepo(daypass);
      const command = ['sh', '-c', `df --output=source . && ${PUSH}`];
      const { id } = await startSession(daypass, { repos: [{ id: repo }], command });
      const { status, token, failure } = await settled(daypass, id, PATIENCE);
      const log = await logOf(daypass, id);
      if (status !== 'succeeded' || token?.state !== 'revoked' || !/\/dev\/loop\d/.test(log)) {
        throw new Error(
          `The session ended as ${status} (${JSON.stringify(failure)}), its token as ${token?.state}:\n${log}`,
        );
      }
    } finally {
      await call('--profile tools down --volumes');
    }
  },
};
