import type { KeyObject } from 'node:crypto';
import type { Logger } from '../../ops/log.ts';
import type { Redis } from '../../store/redis.ts';
import type { TokenProvider } from '../provider.ts';
import type { KeyRing, SealKey } from '../sealing.ts';
import type { Spool } from './spool.ts';

/** What the minter works with; made once, in `main.ts`. */
export interface MinterDeps {
  redis: Redis;
  provider: TokenProvider;
  sealKeys: SealKey[];
  keyRing: KeyRing;
  spool: Spool;
  /** Ed25519, private: signs what this minter has seen. */
  receiptKey: KeyObject;
  log: Logger;
}
