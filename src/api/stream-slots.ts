import { Refusal } from '../errors.ts';

/** Bounds how many answers go on at once, so that forgotten clients cannot take every socket and every byte. */
export interface StreamSlots {
  /** Throws `unavailable` when all are taken. The function returned gives it back; call it once. */
  take(): () => void;
  readonly taken: number;
}

export function createStreamSlots(limit: number): StreamSlots {
  let taken = 0;
  return {
    take() {
      if (taken >= limit) {
        throw new Refusal('unavailable', `There are ${limit} open streams already, the most this server keeps.`);
      }
      taken++;
      return () => void taken--;
    },
    get taken() {
      return taken;
    },
  };
}
