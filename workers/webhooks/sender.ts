import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import { valueIn } from '../../src/secret-files.ts';
import { dueWebhooks, type DueWebhook } from '../../src/store/webhooks.ts';
import type { MinterClient } from '../../src/token/minter/client.ts';
import { systemNames, type Names } from '../../src/webhook/resolve.ts';
import type { WorkerDeps } from '../deps.ts';
import { chooseNext } from './choose-next.ts';
import { tellReceiver } from './tell-receiver.ts';

const LOOK_EVERY_MS = 250;
/** So many of those that are due the longest are looked at for whose turn it is. */
const LOOKED_AT = 5_000;

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
  const own = caFile === undefined ? null : valueIn(await readFile(caFile, 'utf8'));
  return { ...deps, names: systemNames(), ca: own === null ? undefined : [...rootCertificates, own] };
}

/** A try that is cut off is made again by the next sender, so an end need not wait for a receiver that hangs. */
const LAST_WAIT_MS = 1_000;

/**
 * Sends what is due, whoever has put it there, until the signal aborts; then what is under way has a moment to end. The
 * outbox is in the sessions' records, so a sender that is killed loses nothing.
 */
export async function runSender(deps: SenderDeps, closing: AbortSignal): Promise<void> {
  const underWay = new Map<string, string>();
  const tries = new Set<Promise<void>>();
  const begin = ({ sessionId, keyId }: DueWebhook): void => {
    underWay.set(sessionId, keyId);
    const trying = tellReceiver(deps, sessionId)
      .catch((error: unknown) =>
        deps.log.warn({ err: error, sessionId }, 'a webhook was not looked after; it is tried again'),
      )
      .finally(() => {
        underWay.delete(sessionId);
        tries.delete(trying);
      });
    tries.add(trying);
  };
  while (!closing.aborted) {
    const due = await dueWebhooks(deps.redis, { nowMs: Date.now(), limit: LOOKED_AT }).catch((error: unknown) => {
      deps.log.warn({ err: error }, 'the outbox could not be read; it is tried again');
      return [];
    });
    for (const next of chooseNext(due, underWay)) begin(next);
    await sleep(LOOK_EVERY_MS, undefined, { signal: closing }).catch(() => undefined);
  }
  await Promise.race([Promise.all(tries), sleep(LAST_WAIT_MS)]);
}
