import { customAlphabet } from 'nanoid';
import { gatewayReady, openGateway } from '../../src/egress/policy-files.ts';
import { SessionError } from '../../src/errors.ts';
import { failpoint } from '../../src/ops/failpoints.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import { change } from '../../src/store/records.ts';
import type { WorkerDeps } from '../deps.ts';
import { InitClient } from '../init-client.ts';
import { openLog, type SessionLog } from '../session-log.ts';

/** Short, because it is part of a Unix socket's path; in letters that a container's name may have. */
const sandboxId = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 16);
/** The gateway makes a socket within milliseconds; a restart of it takes about a second. */
const GATEWAY_TIMEOUT_MS = 10_000;
/** A started init reports within milliseconds; a loaded machine may take its time. */
const INIT_TIMEOUT_MS = 30_000;

/** A sandbox that runs and whose init waits for orders. */
export interface OpenSandbox {
  id: string;
  init: InitClient;
  log: SessionLog;
  /** Resolves when everything that the sandbox ever wrote is in the log. */
  drained: Promise<void>;
  close(): void;
}

/** Starts the session's sandbox. It is in the session's record before it exists, so that it cannot be forgotten. */
export async function openSandbox(deps: WorkerDeps, session: SessionRecord): Promise<OpenSandbox> {
  const { config, runtime } = deps;
  const id = `sbx_${sandboxId()}`;
  const { image, resources, network } = session.request;
  await change(deps.redis, { sessionId: session.id }, (view) => {
    if (view.session?.status !== 'starting' || view.session.sandbox !== null) return null;
    return { session: { ...view.session, sandbox: { id, image, claimedAt: null, removedAt: null } } };
  });
  const policy = { sandboxId: id, sessionId: session.id, allow: network.allow };
  const { dir: gatewayDir } = await openGateway({ runDir: config.runDir, policy });
  const mounts = { toolsDir: deps.toolsDir, gatewayDir, ...deps.nameFiles };
  await runtime.create({
    sandboxId: id,
    sessionId: session.id,
    tokenId: session.tokenId ?? '',
    image,
    resources,
    mounts,
  });
  await failpoint('worker.container_created');
  const channel = await runtime.start(id);
  await failpoint('worker.container_started');
  const log = openLog(deps, session.id);
  const init = new InitClient(channel, log);
  const drained = init.pump();
  await Promise.all([within(INIT_TIMEOUT_MS, init.ready), gatewayReady(gatewayDir, GATEWAY_TIMEOUT_MS)]);
  return { id, init, log, drained, close: () => channel.close() };
}

async function within(timeoutMs: number, ready: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const error = new SessionError('sandbox_failed', `The sandbox was not ready within ${timeoutMs / 1000} s`);
  const timer = setTimeout(() => late.reject(error), timeoutMs);
  try {
    await Promise.race([ready, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
