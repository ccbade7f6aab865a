import { once } from 'node:events';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname } from 'node:path';
import type { Logger } from '../../ops/log.ts';
import { allTokens } from '../../store/listing.ts';
import { publishMinterFacts } from '../../store/minter-facts.ts';
import { requireDurableRedis, type Redis } from '../../store/redis.ts';
import type { TokenProvider } from '../provider.ts';
import type { TokenRecord } from '../record.ts';
import { requestPublicKey } from '../request-secrets.ts';
import { createKeyRing, keyIdOf, type KeyRing, type SealKey } from '../sealing.ts';
import { createMinterApp } from './app.ts';
import { createMinting } from './minting.ts';
import { openReceiptKey } from './receipts/key-file.ts';
import { startReceiptSigner } from './receipts/receipt-signer.ts';
import { recoverFromSpool } from './recover.ts';
import { createRevoker } from './revoker.ts';
import { openSpool } from './spool.ts';

export interface MinterOptions {
  redis: Redis;
  provider: TokenProvider;
  /** At least one. */
  sealKeys: SealKey[];
  spoolDir: string;
  /** Where the key that signs receipts lies; made when it is not there. */
  receiptKeyFile: string;
  /** Path of the Unix socket to listen on. */
  socket: string;
  log: Logger;
}

/**
 * Starts the minter. Refuses, naming it, when a live token needs a seal key that is not in the ring: it could never be
 * deleted. Goes on with the deletions that an earlier life left.
 */
export async function startMinter(options: MinterOptions): Promise<{ close(): Promise<void> }> {
  const { redis, provider, sealKeys, socket, log } = options;
  await requireDurableRedis(redis);
  const keyRing = createKeyRing(sealKeys);
  const due = await allTokens(redis, 'revoking');
  requireKeys(keyRing, [...due, ...(await allTokens(redis, 'active'))]);
  const spool = await openSpool(options.spoolDir);
  const receiptKey = await openReceiptKey(options.receiptKeyFile);
  const deps = { redis, provider, sealKeys, keyRing, log, spool, receiptKey };
  const revoker = createRevoker(deps);
  const minting = createMinting(deps, revoker);

  const [first] = sealKeys;
  if (first !== undefined) {
    const publicKey = await requestPublicKey(first);
    const { name, canRestrictAccess } = provider;
    await publishMinterFacts(redis, { provider: name, canRestrictAccess, publicKey, keyId: first.id });
  }

  // Express answers what its handler's promise rejects with, so nothing is left to wait for here.
  const app = createMinterApp(deps, { minting, revoker });
  const server = createServer((req, res) => void app(req, res));
  await mkdir(dirname(socket), { recursive: true, mode: 0o711 });
  await rm(socket, { force: true });
  server.listen(socket);
  await once(server, 'listening');
  await chmod(socket, 0o660);
  revoker.resume(due.map(({ id }) => id));
  revoker.resume(await recoverFromSpool(deps));
  const receipts = startReceiptSigner(deps);
  return {
    async close() {
      revoker.close();
      server.close();
      await Promise.all([minting.settled(), receipts.close()]);
      server.closeAllConnections();
      await rm(socket, { force: true });
    },
  };
}

function requireKeys(keyRing: KeyRing, live: TokenRecord[]): void {
  const needed = new Set(live.flatMap(({ sealed }) => (sealed === null ? [] : [keyIdOf(sealed)])));
  const missing = [...needed].filter((keyId) => !keyRing.has(keyId));
  if (missing.length === 0) return;
  throw new Error(
    `Live tokens need seal keys that DAYPASS_SEAL_KEYS does not have: ${missing.join(', ')}. Add them back`,
  );
}
