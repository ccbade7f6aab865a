import type { ServerResponse } from 'node:http';
import { PacketReader } from '../../egress/git/pkt-line.ts';
import { readPushRequest } from '../../egress/git/push-request.ts';
import { refusePush } from '../../egress/git/words.ts';
import type { HostError } from '../http/host-error.ts';
import type { ReceivedBody } from '../incoming/received-body.ts';

/**
 * Tells a push that it came too late, as git reports it: `! [remote rejected] main -> main (daypass: …)`. Of an HTTP status
 * git would show the number alone. Throws `locked` where the push cannot be read, and so not be answered in its own way.
 */
export async function refuseLocked(res: ServerResponse, body: ReceivedBody, locked: HostError): Promise<void> {
  const push = await readPushRequest(new PacketReader(body.read())).catch((cause: unknown) => {
    locked.cause = cause;
    throw locked;
  });
  const refs = push.commands.map(({ ref }) => ({ ref, reason: locked.message }));
  refusePush(res, push.capabilities, refs);
}
