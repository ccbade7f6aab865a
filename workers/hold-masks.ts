import type { MinterClient, SandboxGrant } from '../src/token/minter/client.ts';
import type { Masks } from '../src/token/masks.ts';
import type { Secret } from '../src/token/secret.ts';

/** Every value that a sandbox is given. */
function secretsOf({ access, secrets }: SandboxGrant): Secret[] {
  return [...Object.values(access.secretEnv), ...Object.values(secrets)];
}

/** The minter for a worker whose masks know a session's values from the moment in which it gets them. */
export function holdMasks(minter: MinterClient, masks: Masks): MinterClient {
  return {
    ...minter,
    async open(sessionId, ...rest) {
      const grant = await minter.open(sessionId, ...rest);
      masks.hold(sessionId, secretsOf(grant));
      return grant;
    },
  };
}
