import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Express } from 'express';
import { BOUNDED_BODIES } from '../../http/bounded-bodies.ts';
import type { Logger } from '../../ops/log.ts';
import { makeDir } from '../../ops/shared-dir.ts';
import { requireDurableRedis, type Redis } from '../../store/redis.ts';
import type { TokenProvider } from '../provider.ts';
import { createKeyRing } from '../sealing.ts';
import { createMinterApp } from './app.ts';
import { createCredentialApp } from './credential-app.ts';
import type { MinterDeps } from './deps.ts';
import { createKeepLaw } from './keep-law.ts';
import { createKeepSpool } from './keep-spool.ts';
import { createKeyRotation, keepFactsPublished, publishOwnFacts } from './key-rotation.ts';
import { keyUsage, requireKeys } from './key-usage.ts';
import { createMinting } from './minting.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { openReceiptKey } from './receipts/key-file.ts';
import { startReceiptSigner } from './receipts/receipt-signer.ts';
import { createRevoker } from './revoker.ts';
import { readSealKeys, type SealKeySource } from './seal-key-source.ts';
import { openSpool } from './spool.ts';
import { whenServed } from './when-served.ts';

const LOOK_EVERY_MS = 3_000;
const LAW_EVERY_MS = 10_000;
const LAST_LOOK_MS = 1_000;

export interface MinterOptions {
  /** Differs between the minters on one Redis. */
  name: string;
  redis: Redis;
  /** The operator says that Redis keeps what it is told; asked for where Redis cannot be asked. */
  isRedisStated?: boolean;
  provider: TokenProvider;
  sealKeys: SealKeySource;
  spoolDir: string;
  /** Where the key that signs receipts lies; made when it is not there. */
  receiptKeyFile: string;
  /** Path of the Unix socket to listen on for workers. */
  socket: string;
  /** And of the one for the gateway. */
  credentialSocket: string;
  log: Logger;
}

/**
 * Starts the minter. Refuses, naming it, when something that lives needs a seal key that is not in the ring: a token
 * could never be deleted. Goes on with the deletions that an earlier life left. A Redis that cannot serve yet is waited
 * for.
 */
export async function startMinter(options: MinterOptions): Promise<{ close(): Promise<void> }> {
  const { name, redis, provider, sealKeys, socket, credentialSocket, log } = options;
  await whenServed(log, () => requireDurableRedis(redis, { isStated: options.isRedisStated === true }));
  const keyRing = createKeyRing(await readSealKeys(sealKeys));
  const spool = await openSpool(options.spoolDir, log);
  const receiptKey = await openReceiptKey(options.receiptKeyFile);
  const deps: MinterDeps = { name, redis, provider, keyRing, log, spool, receiptKey };
  await whenServed(log, async () => {
    requireKeys(await keyUsage(deps, keyRing.keys()));
    await publishOwnFacts(deps);
  });
  const revoker = createRevoker(deps);
  const minting = createMinting(deps, revoker);
  const alone = oneAtATime();
  const keys = createKeyRotation(deps, sealKeys, alone);
  const keepSpool = createKeepSpool(deps, revoker);

  const look = async (): Promise<void> => {
    await keepSpool();
    await keepFactsPublished(deps);
  };

  const servers = await Promise.all([
    listen(socket, createMinterApp(deps, { minting, revoker, keys })),
    listen(credentialSocket, createCredentialApp(deps)),
  ]);
  const closing = new AbortController();
  const keepLaw = createKeepLaw(deps, revoker);
  const keeping = Promise.all([
    lookAgain(log, { everyMs: LOOK_EVERY_MS, look: () => alone(look) }, closing.signal),
    lookAgain(log, { everyMs: LAW_EVERY_MS, look: keepLaw }, closing.signal),
  ]);
  const receipts = startReceiptSigner(deps);
  return {
    async close() {
      closing.abort();
      revoker.close();
      for (const { server } of servers) server.close();
      // One that waits for Redis would wait for long; what it does may be cut off anywhere.
      await Promise.race([keeping, sleep(LAST_LOOK_MS)]);
      await Promise.all([minting.settled(), receipts.close()]);
      for (const { server, path } of servers) {
        server.closeAllConnections();
        await rm(path, { force: true });
      }
    },
  };
}

/** Its group may open the socket, which is the one of the directory where that passes its group on. */
async function listen(path: string, app: Express): Promise<{ server: Server; path: string }> {
  // Express answers what its handler's promise rejects with, so nothing is left to wait for here.
  const server = createServer(BOUNDED_BODIES, (req, res) => void app(req, res));
  await makeDir(dirname(path), 0o711);
  await rm(path, { force: true });
  server.listen(path);
  await once(server, 'listening');
  await chmod(path, 0o660);
  return { server, path };
}

/** Now and every few seconds, until it is to close. */
async function lookAgain(
  log: Logger,
  { everyMs, look }: { everyMs: number; look: () => Promise<void> },
  closing: AbortSignal,
): Promise<void> {
  while (!closing.aborted) {
    await look().catch((error: unknown) => {
      log.error({ err: error }, 'spool and ledger could not be looked at; it is tried again');
    });
    await sleep(everyMs, undefined, { signal: closing }).catch(() => undefined);
  }
}
