import type { KeyObject } from 'node:crypto';
import type { Logger } from '../../ops/log.ts';
import type { Redis } from '../../store/redis.ts';
import type { TokenProvider } from '../provider.ts';
import type { KeyRing } from '../sealing.ts';
import type { Spool } from './spool.ts';

/** What the minter works with; made once, in `start.ts`. */
export interface MinterDeps {
  /** Tells the minters on one Redis apart. */
  name: string;
  redis: Redis;
  provider: TokenProvider;
  keyRing: KeyRing;
  spool: Spool;
  /** Ed25519, private: signs what this minter has seen. */
  receiptKey: KeyObject;
  log: Logger;
}
