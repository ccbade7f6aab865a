import { NO_FORMS } from '../../src/token/redactor.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { customAlphabet } from 'nanoid';
import { gatewayDir } from '../../src/egress/layout.ts';
import { closeGateway, gatewayReady, openGateway } from '../../src/egress/policy-files.ts';
import { SessionError } from '../../src/errors.ts';
import { failpoint } from '../../src/ops/failpoints.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import { changeHeld } from '../change-held.ts';
import type { WorkerDeps } from '../deps.ts';
import type { Life } from '../life.ts';
import { policyOf } from '../network/policy-of.ts';
import { connectSandbox, type OpenSandbox } from './connect-sandbox.ts';

export type { OpenSandbox };

/** Short, because it is part of a Unix socket's path; in letters that a container's name may have. */
const sandboxId = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 16);
/** The gateway makes a socket within milliseconds; a restart of it takes about a second. */
const GATEWAY_TIMEOUT_MS = 10_000;
/** One that an engine was killed over never starts; a second one that does not is no accident. */
const MAX_SANDBOXES = 3;
/** An engine that restarts is back within this time. */
const ENGINE_BACK_MS = 20_000;
const RETRY_MS = 500;
const MAY_HELP = ['sandbox_failed', 'engine_unavailable'];

/**
 * Starts the session's sandbox. It is in the session's record before it exists, so that it cannot be forgotten. One that
 * does not start, because its engine died over it, is removed and made anew: nothing of the session has run in it.
 */
export async function openSandbox(deps: WorkerDeps, session: SessionRecord, life: Life): Promise<OpenSandbox> {
  for (let count = 1; ; count++) {
    const id = `sbx_${sandboxId()}`;
    await nameSandbox(deps, session, id);
    try {
      await startSandbox(deps, session, id);
      return await connectSandbox(deps, session, { id, life, forms: NO_FORMS });
    } catch (error) {
      const mayHelp = error instanceof SessionError && MAY_HELP.includes(error.code);
      if (!mayHelp || count === MAX_SANDBOXES || life.signal.aborted) throw error;
      deps.log.warn({ err: error, sessionId: session.id, sandboxId: id }, 'a sandbox did not start; it is made anew');
      await discard(deps, id, life.signal);
    }
  }
}

async function nameSandbox({ engineId, ...deps }: WorkerDeps, session: SessionRecord, id: string): Promise<void> {
  const { image } = session.request;
  const { session: named } = await changeHeld(deps, session, ({ session: now }) => {
    if (now.status !== 'starting' || now.sandbox?.claimedAt) return null;
    return { session: { ...now, sandbox: { id, image, engine: engineId, claimedAt: null, removedAt: null } } };
  });
  if (named?.sandbox?.id !== id) throw new SessionError('worker_lost', 'The session is not to have a sandbox any more');
}

async function startSandbox(deps: WorkerDeps, session: SessionRecord, id: string): Promise<void> {
  const { host, runtime } = deps;
  const { image, resources, network } = session.request;
  const dir = gatewayDir(host.runDir, id);
  const { toolsDir, hostsFile, resolvFile } = host;
  const mounts = { toolsDir, gatewayDir: dir, hostsFile, resolvFile };
  await runtime.create({
    sandboxId: id,
    sessionId: session.id,
    tokenId: session.tokenId ?? '',
    image,
    resources,
    mounts,
  });
  await failpoint('worker.container_created');
  // The warden has made its directory by now, in which the gateway listens.
  await openGateway({ runDir: host.runDir, policy: policyOf(session, id, network.allow) });
  await Promise.all([runtime.start(id), gatewayReady(dir, GATEWAY_TIMEOUT_MS)]);
  await failpoint('worker.container_started');
}

/** Waits for an engine that is away; throws `engine_unavailable` when it does not come back. */
async function discard({ runtime, config }: WorkerDeps, id: string, stopped: AbortSignal): Promise<void> {
  const until = Date.now() + ENGINE_BACK_MS;
  for (;;) {
    try {
      await runtime.remove(id);
      return await closeGateway({ runDir: config.runDir, sandboxId: id });
    } catch (error) {
      const away = error instanceof SessionError && error.code === 'engine_unavailable';
      if (!away || Date.now() > until) throw error;
      await sleep(RETRY_MS, undefined, { signal: stopped });
    }
  }
}
