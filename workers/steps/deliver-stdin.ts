import { SessionError } from '../../src/errors.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import { STDIN_SECRET } from '../../src/session/stdin.ts';
import { readStdin } from '../../src/store/stdin.ts';
import type { SandboxGrant } from '../../src/token/minter/client.ts';
import type { WorkerDeps } from '../deps.ts';
import type { InitClient } from '../init-client.ts';
import { whileStoreAway } from '../while-store-away.ts';

/**
 * Gives the sandbox what its command is to read from its standard input, if the request has that. Safe to repeat. Throws
 * `store_lost` when the store has the bytes no more: the command must not run on less than it was given.
 */
export async function deliverStdin(
  deps: Pick<WorkerDeps, 'redis'>,
  session: SessionRecord,
  { init }: { init: InitClient },
  grant: Pick<SandboxGrant, 'secrets'>,
): Promise<void> {
  if (session.stdin === undefined) return;
  const bytes = session.stdin.secret
    ? sealedBytes(grant)
    : await whileStoreAway(() => readStdin(deps.redis, session.id));
  if (bytes?.length !== session.stdin.bytes) {
    throw new SessionError('store_lost', 'The standard input of this session is not in the store any more');
  }
  await init.setStdin(bytes);
}

function sealedBytes({ secrets }: Pick<SandboxGrant, 'secrets'>): Buffer | null {
  const secret = secrets[STDIN_SECRET];
  return secret === undefined ? null : Buffer.from(secret.reveal());
}
