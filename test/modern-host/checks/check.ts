import type { Guest } from '../guest/guest.ts';

/** Something that must hold on the guest. It leaves the guest as it found it. */
export interface Check {
  /** As a sentence that says what holds. */
  name: string;
  /** Throws an error that says what does not hold, with what the guest said. */
  run(guest: Guest): Promise<void>;
}
