import type { IncomingMessage } from 'node:http';
import type { Call, Host } from '../host.ts';
import { HostError } from '../http/host-error.ts';
import type { ReceivedBody } from '../incoming/received-body.ts';
import type { Service } from './protocol.ts';

/** A push holds at most 2 GiB (`receive.maxInputSize`), which git itself says; the names of its refs come on top. */
const MAX_BYTES: Record<Service, number> = {
  'receive-pack': 2 * 1024 ** 3 + 64 * 1024 ** 2,
  'upload-pack': 64 * 1024 ** 2,
};
/** Git packs long lists of commits, and no packs: what unfolds to more is a bomb. */
const MAX_UNPACKED_BYTES = 64 * 1024 ** 2;

/** The whole body of a fetch or push, unpacked where git packed it. Throws as `receive` does. */
export async function receiveRequest(
  host: Pick<Host, 'incoming'>,
  call: Call,
  service: Service,
): Promise<ReceivedBody> {
  checkBodyType(call.req, `application/x-git-${service}-request`);
  const what = service === 'receive-pack' ? 'the push' : 'the request';
  const isFetch = service === 'upload-pack';
  const maxBytes = MAX_BYTES[service];
  return host.incoming.receive(call, { maxBytes, maxUnpackedBytes: MAX_UNPACKED_BYTES, isFetch, what });
}

/** Throws `unsupported_media_type` unless the body is what git sends to this service. */
function checkBodyType(req: IncomingMessage, contentType: string): void {
  if (req.headers['content-type'] !== contentType) {
    throw new HostError('unsupported_media_type', `the body must be ${contentType}`);
  }
}
