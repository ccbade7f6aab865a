import type { HostBounds } from '../bounds.ts';
import { HostError } from '../http/host-error.ts';

/** What one body takes of the budget. */
export interface Share {
  /** Whether so many more bytes may be held in memory; they are taken then. */
  takeMemory(bytes: number): boolean;
  /** Throws `too_many` when the caller has its share, and `busy` when nothing is left for anybody. */
  takeDisk(bytes: number): void;
  /** Gives the memory back, as its bytes lie on the disk now. */
  leaveMemory(): void;
  /** Gives everything back. */
  end(): void;
}

/** The bytes and bodies of all callers together, and of each. */
export interface Budget {
  /** Throws as `takeDisk` does. */
  open(caller: string): Share;
}

export function createBudget(bounds: HostBounds['incoming']): Budget {
  const callers = new Map<string, { bodies: number; diskBytes: number }>();
  let [bodies, memoryBytes, diskBytes] = [0, 0, 0];
  return {
    open(caller) {
      const own = callers.get(caller) ?? { bodies: 0, diskBytes: 0 };
      if (own.bodies >= bounds.bodiesPerCaller)
        throw new HostError('too_many', `${bounds.bodiesPerCaller} bodies of this caller are on their way already`);
      if (bodies >= bounds.bodies) throw new HostError('busy', BUSY);
      callers.set(caller, own);
      own.bodies += 1;
      bodies += 1;
      const taken = { memory: 0, disk: 0 };
      return {
        takeMemory(bytes) {
          const isFree = memoryBytes + bytes <= bounds.memoryBytes && taken.memory + bytes <= bounds.memoryBytesPerBody;
          if (!isFree) return false;
          taken.memory += bytes;
          memoryBytes += bytes;
          return true;
        },
        takeDisk(bytes) {
          if (own.diskBytes + bytes > bounds.diskBytesPerCaller)
            throw new HostError(
              'too_many',
              `the bodies of this caller have ${own.diskBytes} bytes already; let one end first`,
            );
          if (diskBytes + bytes > bounds.diskBytes) throw new HostError('busy', BUSY);
          taken.disk += bytes;
          own.diskBytes += bytes;
          diskBytes += bytes;
        },
        leaveMemory() {
          memoryBytes -= taken.memory;
          taken.memory = 0;
        },
        end() {
          memoryBytes -= taken.memory;
          diskBytes -= taken.disk;
          own.diskBytes -= taken.disk;
          own.bodies -= 1;
          bodies -= 1;
          if (own.bodies === 0) callers.delete(caller);
        },
      };
    },
  };
}

const BUSY = 'the git host takes in as much as it can at once; try again in a minute';
