import { addAbortSignal, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { PacketReader } from '../../egress/git/pkt-line.ts';
import { readPushRequest } from '../../egress/git/push-request.ts';
import { refusePush } from '../../egress/git/words.ts';
import type { RepoCall } from '../host.ts';
import type { HostError } from '../http/host-error.ts';
import { checkBodyType } from './request-body.ts';

/**
 * Tells a push that it came too late, as git reports it: `! [remote rejected] main -> main (daypass: …)`. Of an HTTP status
 * git would show the number alone. Throws `locked` where the push cannot be read, and so not be answered in its own way.
 */
export async function refuseLocked(
  { req, res, signal }: Pick<RepoCall, 'req' | 'res' | 'signal'>,
  locked: HostError,
): Promise<void> {
  checkBodyType(req, 'application/x-git-receive-pack-request');
  const isPacked = (req.headers['content-encoding'] ?? 'identity') !== 'identity';
  const body: Readable = addAbortSignal(signal, isPacked ? req.pipe(createGunzip()) : req);
  const packets = new PacketReader(body);
  const push = await readPushRequest(packets).catch((cause: unknown) => {
    locked.cause = cause;
    throw locked;
  });
  // Git reads the answer when all of its pack is sent.
  void drain(packets.rest());
  const refs = push.commands.map(({ ref }) => ({ ref, reason: locked.message }));
  refusePush(res, push.capabilities, refs);
}

/** A push that breaks off has heard all that there is to say. */
async function drain(pieces: AsyncIterable<Buffer>): Promise<void> {
  const read = async (): Promise<void> => {
    for await (const _ of pieces);
  };
  await read().catch(() => {});
}
