import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from '../src/errors.ts';
import type { Logger } from '../src/ops/log.ts';
import { askEngine } from '../src/runtime/docker/ask-engine.ts';
import type { EngineApi } from '../src/runtime/docker/engine-api.ts';
import { hostFacts, type HostFacts } from '../src/runtime/docker/host-facts.ts';

/** A warden that is started together with its workers, or again, is there by then. */
const PATIENCE_MS = 20_000;
const RETRY_MS = 250;

/** Asks the warden for this host. Throws `engine_unavailable` when there is none within 20 s. */
export async function meetWarden(warden: EngineApi, log: Logger): Promise<HostFacts> {
  const until = Date.now() + PATIENCE_MS;
  const call = { method: 'GET', path: '/daypass/host', answer: hostFacts } as const;
  for (;;) {
    try {
      return await askEngine('meet the warden', (signal) => warden.call({ ...call, signal }));
    } catch (error) {
      if (Date.now() > until) throw error;
      log.warn({ reason: describe(error) }, 'the warden does not answer yet; the worker waits for it');
      await sleep(RETRY_MS);
    }
  }
}
