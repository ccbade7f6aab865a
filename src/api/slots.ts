import { Refusal, type RefusalCode } from '../errors.ts';

/** Bounds how many of something go on at once, so that forgotten clients cannot take every socket and every byte. */
export interface Slots {
  /**
   * Throws `unavailable` when all are taken, and what the slots say when one key has its share; a holder of null has no
   * share. The function returned gives it back, and may be called again.
   */
  take(keyId: string | null): () => void;
  readonly taken: number;
}

export interface SlotRules {
  inAll: number;
  perKey: number;
  /** Of a key that has its share. */
  code: RefusalCode;
  /** What goes on, such as `open streams`. */
  what: string;
}

export function createSlots({ inAll, perKey, code, what }: SlotRules): Slots {
  let taken = 0;
  const takenBy = new Map<string, number>();
  const giveBack = (keyId: string | null): void => {
    taken--;
    if (keyId === null) return;
    const left = (takenBy.get(keyId) ?? 1) - 1;
    if (left > 0) takenBy.set(keyId, left);
    else takenBy.delete(keyId);
  };
  return {
    take(keyId) {
      if (taken >= inAll) throw new Refusal('unavailable', `There are ${inAll} ${what} already, the most kept here.`);
      const own = keyId === null ? 0 : (takenBy.get(keyId) ?? 0);
      if (own >= perKey) {
        const message = `This API key has ${perKey} ${what} here already. Let one of them end first.`;
        throw new Refusal(code, message, { retryAfterSeconds: 1 });
      }
      taken++;
      if (keyId !== null) takenBy.set(keyId, own + 1);
      let isHeld = true;
      return () => {
        if (isHeld) giveBack(keyId);
        isHeld = false;
      };
    },
    get taken() {
      return taken;
    },
  };
}
