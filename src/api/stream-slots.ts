import { Refusal } from '../errors.ts';

/** Bounds how many answers go on at once, so that forgotten clients cannot take every socket and every byte. */
export interface StreamSlots {
  /**
   * Throws `unavailable` when all are taken, `too_many_streams` when one key has its share. The function returned gives
   * it back; call it once.
   */
  take(keyId: string | null): () => void;
  readonly taken: number;
}

export function createStreamSlots({ streams, streamsPerKey }: { streams: number; streamsPerKey: number }): StreamSlots {
  let taken = 0;
  const takenBy = new Map<string, number>();
  return {
    take(keyId) {
      if (taken >= streams) {
        throw new Refusal('unavailable', `There are ${streams} open streams already, the most this server keeps.`);
      }
      const own = keyId === null ? 0 : (takenBy.get(keyId) ?? 0);
      if (own >= streamsPerKey) {
        const message = `This API key has ${streamsPerKey} open streams here already. Close one of them first.`;
        throw new Refusal('too_many_streams', message, { retryAfterSeconds: 1 });
      }
      taken++;
      if (keyId !== null) takenBy.set(keyId, own + 1);
      return () => {
        taken--;
        if (keyId === null) return;
        const left = (takenBy.get(keyId) ?? 1) - 1;
        if (left > 0) takenBy.set(keyId, left);
        else takenBy.delete(keyId);
      };
    },
    get taken() {
      return taken;
    },
  };
}
