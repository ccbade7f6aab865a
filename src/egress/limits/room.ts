/** Room on a disk that sessions share. */
export interface Room {
  /** Holds nothing at first. `giveWay` is called, once, when others need the room more; what is held is free then. */
  hold(key: string, giveWay: (reason: Error) => void): Holding;
}

export interface Holding extends Disposable {
  /** Why so many more bytes cannot be held; null: they are. */
  take(bytes: number): string | null;
}

export interface RoomOptions {
  /** Of one holding, of all of one key, and of all together, in bytes. */
  perHolding: number;
  perKey: number;
  inAll: number;
}

interface Held {
  key: string;
  bytes: number;
  giveWay: (reason: Error) => void;
}

const MIB = 1024 * 1024;
const GAVE_WAY = 'this session has the most on its way to the repo host, and others need the room';

/**
 * Where all of the room is taken, the key that holds the most gives way to one that holds less, the larger of its holdings
 * first: however much a few take, there is room for everybody's fair share.
 */
export function createRoom({ perHolding, perKey, inAll }: RoomOptions): Room {
  const all = new Set<Held>();
  const sumOf = (key?: string): number =>
    [...all].reduce((sum, held) => (key === undefined || held.key === key ? sum + held.bytes : sum), 0);

  const makeRoom = (asking: Held, bytes: number): boolean => {
    while (sumOf() + bytes > inAll) {
      const keys = new Set([...all].map(({ key }) => key));
      const [largest] = [...keys].toSorted((a, b) => sumOf(b) - sumOf(a));
      if (largest === undefined || largest === asking.key || sumOf(largest) <= sumOf(asking.key) + bytes) return false;
      const [victim] = [...all].filter(({ key }) => key === largest).toSorted((a, b) => b.bytes - a.bytes);
      if (victim === undefined) return false;
      all.delete(victim);
      victim.giveWay(new Error(GAVE_WAY));
    }
    return true;
  };

  return {
    hold(key, giveWay) {
      const held: Held = { key, bytes: 0, giveWay };
      all.add(held);
      return {
        take(bytes) {
          if (!all.has(held)) return GAVE_WAY;
          if (held.bytes + bytes > perHolding) return `it is larger than ${Math.floor(perHolding / MIB)} MB`;
          if (sumOf(key) + bytes > perKey) return 'this session has too much on its way to the repo host';
          if (!makeRoom(held, bytes)) return 'too many pushes are looked into right now';
          held.bytes += bytes;
          return null;
        },
        [Symbol.dispose]: () => void all.delete(held),
      };
    },
  };
}
