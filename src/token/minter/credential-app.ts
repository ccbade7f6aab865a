import express, { type Express } from 'express';
import { z } from 'zod';
import { answerFailure } from './answer-failure.ts';
import type { MinterDeps } from './deps.ts';
import { openCredential } from './open-credential.ts';

const openBody = z.strictObject({ sessionId: z.string(), sandboxId: z.string() });

/** What the minter does for the gateway, as HTTP over a Unix socket of its own: this one thing. */
export function createCredentialApp(deps: MinterDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json());
  app.post('/credential', async (req, res) => {
    const { value, ...credential } = await openCredential(deps, openBody.parse(req.body));
    res.json({ ...credential, value: value.reveal() });
  });
  app.use(answerFailure(deps.log));
  return app;
}
