import type { BodyBudget } from '../bounds.ts';
import { HostError } from '../http/host-error.ts';

/** What one body takes of the budget. */
export interface Share {
  /** Whether so many more bytes may be held in memory; they are taken then. */
  takeMemory(bytes: number): boolean;
  /** Throws `too_many` when the caller has its share, and `busy` when nothing is left and nobody gives way. */
  takeDisk(bytes: number): void;
  /** Gives the memory back, as its bytes lie on the disk now. */
  leaveMemory(): void;
  /** The body has arrived: it no longer counts as one on its way, and never gives way. Its bytes still count. */
  arrived(): void;
  /** Gives everything back. Does nothing the second time. */
  end(): void;
}

/** A body on its way, as far as the budget looks at it. */
export interface Coming {
  /** The bytes that came of late: the body with the fewest of a caller is the one that gives way. */
  recentBytes(): number;
  /** Called at most once. What the body had is free already. */
  giveWay(reason: HostError): void;
}

/**
 * The bytes and bodies of all callers together, and of each. Where all is taken, the caller that has the most gives way to one
 * that has less, with its slowest body. A token has at most half of the bytes that
 * the others leave. The account never gives way.
 */
export interface Budget {
  /** Throws as `takeDisk` does. */
  open(caller: string, coming: Coming): Share;
}

interface Caller {
  name: string;
  bodies: number;
  diskBytes: number;
  shares: number;
}

interface Held extends Coming {
  caller: Caller;
  memory: number;
  disk: number;
  isComing: boolean;
}

export function createBudget(bounds: BodyBudget): Budget {
  const callers = new Map<string, Caller>();
  const all = new Set<Held>();
  let [bodies, memoryBytes, diskBytes] = [0, 0, 0];

  const arrived = (held: Held): void => {
    if (!held.isComing) return;
    held.isComing = false;
    held.caller.bodies -= 1;
    bodies -= 1;
  };
  const end = (held: Held): void => {
    if (!all.delete(held)) return;
    arrived(held);
    memoryBytes -= held.memory;
    diskBytes -= held.disk;
    held.caller.diskBytes -= held.disk;
    held.caller.shares -= 1;
    if (held.caller.shares === 0) callers.delete(held.caller.name);
  };
  /**
   * How many more bytes a caller may have. A token gets at most half of what all others leave, so that however many
   * tokens have their share, the next one finds room.
   */
  const roomFor = (caller: Caller): number => {
    const left = bounds.diskBytes - diskBytes;
    return caller.name === 'account' ? left : Math.floor((left + caller.diskBytes) / 2) - caller.diskBytes;
  };
  /** Whether a caller that has more of this than `most` gave some of it back. */
  const makeRoom = (what: 'bodies' | 'diskBytes', most: number): boolean => {
    const may = [...all].filter(
      ({ caller, isComing, disk }) =>
        isComing && caller.name !== 'account' && caller[what] > most && (what === 'bodies' || disk > 0),
    );
    const largest = Math.max(...may.map(({ caller }) => caller[what]));
    const [slowest] = may
      .filter(({ caller }) => caller[what] === largest)
      .toSorted((a, b) => a.recentBytes() - b.recentBytes());
    if (slowest === undefined) return false;
    end(slowest);
    slowest.giveWay(new HostError('busy', GAVE_WAY));
    return true;
  };

  return {
    open(name, coming) {
      const caller = callers.get(name) ?? { name, bodies: 0, diskBytes: 0, shares: 0 };
      if (caller.bodies >= bounds.bodiesPerCaller)
        throw new HostError('too_many', `${bounds.bodiesPerCaller} bodies of this caller are on their way already`);
      if (bodies >= bounds.bodies && !makeRoom('bodies', caller.bodies + 1)) throw new HostError('busy', BUSY);
      callers.set(name, caller);
      caller.bodies += 1;
      caller.shares += 1;
      bodies += 1;
      const held: Held = { ...coming, caller, memory: 0, disk: 0, isComing: true };
      all.add(held);
      return {
        takeMemory(bytes) {
          const isFree =
            all.has(held) &&
            memoryBytes + bytes <= bounds.memoryBytes &&
            held.memory + bytes <= bounds.memoryBytesPerBody;
          if (!isFree) return false;
          held.memory += bytes;
          memoryBytes += bytes;
          return true;
        },
        takeDisk(bytes) {
          if (!all.has(held)) throw new HostError('busy', GAVE_WAY);
          if (caller.diskBytes + bytes > bounds.diskBytesPerCaller)
            throw new HostError(
              'too_many',
              `the bodies of this caller have ${caller.diskBytes} bytes already; let one end first`,
            );
          while (bytes > roomFor(caller))
            if (!makeRoom('diskBytes', caller.diskBytes + bytes)) throw new HostError('busy', BUSY);
          held.disk += bytes;
          caller.diskBytes += bytes;
          diskBytes += bytes;
        },
        leaveMemory() {
          if (all.has(held)) memoryBytes -= held.memory;
          held.memory = 0;
        },
        arrived: () => arrived(held),
        end: () => end(held),
      };
    },
  };
}

const BUSY = 'the git host takes in as much as it can at once; try again in a minute';
const GAVE_WAY = 'the git host takes in as much as it can at once, and this caller has the most; try again in a minute';
