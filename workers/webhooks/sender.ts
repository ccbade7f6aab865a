import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import { dueWebhooks } from '../../src/store/webhooks.ts';
import type { MinterClient } from '../../src/token/minter/client.ts';
import { systemNames, type Names } from '../../src/webhook/resolve.ts';
import type { WorkerDeps } from '../deps.ts';
import { tellReceiver } from './tell-receiver.ts';

const LOOK_EVERY_MS = 250;
/** Tries at once. One that hangs is over after 10 s, so no receiver holds up the others for longer. */
const AT_ONCE = 64;

export interface SenderDeps extends Pick<WorkerDeps, 'redis' | 'log'> {
  config: Pick<WorkerDeps['config'], 'webhooks'>;
  minter: Pick<MinterClient, 'sign'>;
  names: Names;
  /** Certificates to trust, PEM; undefined: those that Node brings. */
  ca: string[] | undefined;
}

/** Throws when the operator's certificates cannot be read. */
export async function senderDeps(deps: WorkerDeps): Promise<SenderDeps> {
  const { caFile } = deps.config.webhooks;
  const own = caFile === undefined ? null : await readFile(caFile, 'utf8');
  return { ...deps, names: systemNames(), ca: own === null ? undefined : [...rootCertificates, own] };
}

/** A try that is cut off is made again by the next sender, so an end need not wait for a receiver that hangs. */
const LAST_WAIT_MS = 1_000;

/**
 * Sends what is due, whoever has put it there, until the signal aborts; then what is under way has a moment to end. The
 * outbox is in the sessions' records, so a sender that is killed loses nothing.
 */
export async function runSender(deps: SenderDeps, closing: AbortSignal): Promise<void> {
  const underWay = new Map<string, Promise<void>>();
  const begin = (sessionId: string): void => {
    const trying = tellReceiver(deps, sessionId)
      .catch((error: unknown) =>
        deps.log.warn({ err: error, sessionId }, 'a webhook was not looked after; it is tried again'),
      )
      .finally(() => underWay.delete(sessionId));
    underWay.set(sessionId, trying);
  };
  while (!closing.aborted) {
    const due = await dueWebhooks(deps.redis, { nowMs: Date.now(), limit: 2 * AT_ONCE }).catch((error: unknown) => {
      deps.log.warn({ err: error }, 'the outbox could not be read; it is tried again');
      return [];
    });
    for (const sessionId of due) if (underWay.size < AT_ONCE && !underWay.has(sessionId)) begin(sessionId);
    await sleep(LOOK_EVERY_MS, undefined, { signal: closing }).catch(() => undefined);
  }
  await Promise.race([Promise.all(underWay.values()), sleep(LAST_WAIT_MS)]);
}
