import type { ServerResponse } from 'node:http';
import { PacketReader } from '../../egress/git/pkt-line.ts';
import { readPushRequest } from '../../egress/git/push-request.ts';
import { refusePush } from '../../egress/git/words.ts';
import type { HostError } from '../http/host-error.ts';
import type { ReceivedBody } from '../incoming/received-body.ts';

/**
 * Tells a push why it is refused, as git reports it: `! [remote rejected] main -> main (daypass: …)`. Of an HTTP status git
 * would show the number alone. Throws the refusal where the push cannot be read, and so not be answered in its own way.
 */
export async function refuseRefs(res: ServerResponse, body: ReceivedBody, refusal: HostError): Promise<void> {
  const push = await readPushRequest(new PacketReader(body.read())).catch((cause: unknown) => {
    refusal.cause = cause;
    throw refusal;
  });
  const refs = push.commands.map(({ ref }) => ({ ref, reason: refusal.message }));
  refusePush(res, push.capabilities, refs);
}
