import type { Socket } from 'node:net';
import { OPENING_TIMEOUT_MS } from './opening-problem.ts';
import { OpeningReader, type Opening } from './opening-reader.ts';

/** Reads until it is known what a client wants. `bytes` are all that were read. Never rejects. */
export function readOpening(client: Socket): Promise<{ opening: Opening | 'late' | 'ended'; bytes: Buffer }> {
  const reader = new OpeningReader();
  const { promise, resolve } = Promise.withResolvers<{ opening: Opening | 'late' | 'ended'; bytes: Buffer }>();
  const done = (opening: Opening | 'late' | 'ended'): void => {
    clearTimeout(timer);
    client.off('data', take).off('end', end).off('close', end);
    client.pause();
    resolve({ opening, bytes: reader.bytes });
  };
  const take = (piece: Buffer): void => {
    const opening = reader.push(piece);
    if (opening !== null) done(opening);
  };
  const end = (): void => done('ended');
  const timer = setTimeout(() => done('late'), OPENING_TIMEOUT_MS);
  client.on('data', take).on('end', end).on('close', end);
  client.resume();
  if (client.destroyed || client.readableEnded) end();
  return promise;
}
