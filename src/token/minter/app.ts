import { setTimeout as sleep } from 'node:timers/promises';
import express, { type Express } from 'express';
import { z } from 'zod';
import { SessionError } from '../../errors.ts';
import { revealAll } from '../secret.ts';
import { answerFailure } from './answer-failure.ts';
import type { MinterDeps } from './deps.ts';
import type { KeyRotation } from './key-rotation.ts';
import type { KeyUse } from './key-usage.ts';
import type { Minting } from './minting.ts';
import { OPEN_PURPOSES, openSession } from './open-session.ts';
import type { Revoker } from './revoker.ts';
import { signMessage } from './sign-message.ts';
import { WEBHOOK_TYPES } from '../../webhook/message.ts';

/** How long an answer waits for a deletion to be seen; it goes on behind a later answer. */
const REVOKE_WAIT_MS = 15_000;
const REDIS_WAIT_MS = 2_000;

const mintBody = z.strictObject({ tokenId: z.string() });
const openBody = z.strictObject({ sessionId: z.string(), sandboxId: z.string(), purpose: z.enum(OPEN_PURPOSES) });
const signBody = z.strictObject({ sessionId: z.string(), type: z.enum(WEBHOOK_TYPES) });

/**
 * What the minter does for workers, as HTTP over its Unix socket. Only who may open the socket may ask, and even they
 * get nothing that the ledger does not say.
 */
export function createMinterApp(
  deps: MinterDeps,
  { minting, revoker, keys }: { minting: Minting; revoker: Revoker; keys: KeyRotation },
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json());
  app.get('/healthz', async (_req, res) => {
    await requireRedis(deps);
    res.json({ ok: true, damagedSpoolFiles: deps.spool.damaged() });
  });
  app.post('/mint', async (req, res) => {
    await minting.mint(mintBody.parse(req.body).tokenId);
    res.json({});
  });
  app.post('/open', async (req, res) => {
    const { access, secrets } = await openSession(deps, openBody.parse(req.body));
    res.json({ access: { ...access, secretEnv: revealAll(access.secretEnv) }, secrets: revealAll(secrets) });
  });
  app.post('/revoke', async (req, res) => {
    const state = await revoker.revoke(mintBody.parse(req.body).tokenId, REVOKE_WAIT_MS);
    res.status(state === 'revoking' ? 202 : 200).json({ state });
  });
  app.post('/sign', async (req, res) => void res.json(await signMessage(deps, signBody.parse(req.body))));
  // Key ids and counts only. What a rotation refuses is for the operator to read, so it is no failure of a session.
  const keyAnswer = (uses: KeyUse[]) => ({ file: keys.file, keys: uses });
  app.get('/keys', async (_req, res) => void res.json(keyAnswer(await keys.usage())));
  app.post('/rotate', async (_req, res) => void res.json(keyAnswer(await keys.rotate())));
  app.use(answerFailure(deps.log));
  return app;
}

/** Nothing can be minted or deleted without the ledger. Throws when it does not answer. */
async function requireRedis({ redis }: MinterDeps): Promise<void> {
  const isThere = redis.ping().then(
    () => true,
    () => false,
  );
  if (await Promise.race([isThere, sleep(REDIS_WAIT_MS, false)])) return;
  throw new SessionError('minter_unavailable', 'Redis does not answer the minter');
}
