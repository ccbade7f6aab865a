import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Nobody reads what is printed any more, as behind `| head`. */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe';
}

/** Standard output or error, for much to be printed: whoever reads slowly is waited for. */
export interface Outlet {
  readonly isTerminal: boolean;
  /** Resolves when there is room for more. Throws `BrokenPipe` when nobody reads. */
  write(text: string | Uint8Array): Promise<void>;
}

export function createOutlet(stream: Writable & { isTTY?: boolean }): Outlet {
  let broken: BrokenPipe | null = null;
  stream.on('error', (cause) => {
    broken = new BrokenPipe('Nobody reads it', { cause });
  });
  return {
    isTerminal: stream.isTTY === true,
    async write(text) {
      if (broken === null && !stream.write(text)) await once(stream, 'drain').catch(() => undefined);
      if (broken !== null) throw broken;
    },
  };
}

/** Resolves when all is written, or nobody reads. A process that exits before has printed a part. */
export async function flush(stream: Writable): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return;
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
}
