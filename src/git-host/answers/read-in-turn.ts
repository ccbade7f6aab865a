import type { Call, Host } from '../host.ts';
import type { Gate } from '../smart-http/gate.ts';

/**
 * Runs work that sends what git reads, when there is a place for it. A client that reads slowly does not keep the place from
 * others: the transfer leaves it and goes on as one of the slow ones. Throws what the gate throws, and what `work` throws.
 */
export async function readInTurn(
  host: Pick<Host, 'slowReaders'>,
  gate: Gate,
  { by, signal, reader, res }: Pick<Call, 'by' | 'signal' | 'reader' | 'res'>,
  work: () => Promise<void>,
): Promise<void> {
  let leaveSlow = (): void => {};
  try {
    await gate.run(by, signal, (place) => {
      reader.onSlow(() => {
        place.leave();
        leaveSlow = host.slowReaders.add(by, () => res.destroy());
      });
      return work();
    });
  } finally {
    leaveSlow();
  }
}
