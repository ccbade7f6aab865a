import type { Rig } from './rig/rig.ts';

/** One row of the matrix: sessions, and what goes wrong while they live. */
export interface FaultCase {
  /** `class.what`. */
  name: string;
  /** The engine is killed, so it must not be the machine's. */
  ownEngine?: 'live-restore' | 'no-live-restore';
  /** Whose disk can be full: the minter's data, or the sessions' logs. */
  smallDisk?: 'minter' | 'logs';
  /** The records are lost: what was accepted need not be known any more. */
  forgets?: true;
  /** How long all may take to be lawful again, in ms, where a law itself takes its time. */
  lawfulWithinMs?: number;
  /** Nothing in it is a reason for a session not to succeed. */
  survivable?: true;
  /** Starts the sessions, does the harm, and mends what it broke for good. Throws when it could not be done. */
  run(rig: Rig): Promise<void>;
}
