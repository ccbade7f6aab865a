import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostBounds } from '../bounds.ts';
import type { Call } from '../host.ts';
import { limitedBody } from '../http/limited-body.ts';
import { createBudget } from './budget.ts';
import { createFreeSpace } from './free-space.ts';
import { keepPace } from './pace.ts';
import { BodyStore, type ReceivedBody } from './received-body.ts';

const SMALL_BYTES = 256 * 1024;

export interface BodyRules {
  /** Of the body as it is used: unpacked. */
  maxBytes: number;
  /** Of a body that comes packed with gzip; without it such a body is refused. */
  maxUnpackedBytes?: number;
  /** The request of a clone or fetch, which has a budget of its own and little time. */
  isFetch?: boolean;
  /** What is too large, in the words of the refusal. */
  what: string;
}

/** Takes in the bodies of requests as wholes, before anything that others wait for is taken for them. */
export interface Incoming {
  /**
   * The whole body of a request. Throws `too_large`, `unsupported_media_type`, `too_slow` when it comes too slowly, `too_many` and
   * `busy` when too much is on its way, `no_space` when the disk is full, `bad_value` for a packed body that is none, and the signal's reason when it is aborted.
   */
  receive(call: Pick<Call, 'req' | 'signal' | 'by'>, rules: BodyRules): Promise<ReceivedBody>;
}

/** Opens the directory where bodies lie while they are used, and empties it: whose process is gone needs none of them. */
export async function openIncoming(dataDir: string, bounds: HostBounds): Promise<Incoming> {
  const dir = join(dataDir, 'incoming');
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const space = createFreeSpace(dir, bounds.reserveBytes);
  const uploads = createBudget(bounds.incoming);
  const fetches = createBudget(bounds.fetches);
  const totalMs = Math.min(bounds.body.totalMs, bounds.fetches.totalMs);
  // Calls such as minting take little, and no upload of whoever may keep them out.
  const every = bounds.connections;
  const calls = createBudget({ ...bounds.incoming, bodies: every, bodiesPerCaller: every });
  return {
    async receive({ req, signal, by }, rules) {
      const isFetch = rules.isFetch === true;
      const budget = rules.maxBytes <= SMALL_BYTES ? calls : isFetch ? fetches : uploads;
      using undo = new DisposableStack();
      const pace = keepPace(isFetch ? { ...bounds.body, totalMs } : bounds.body);
      undo.defer(pace.end);
      const share = budget.open(by, { recentBytes: pace.recentBytes, giveWay: pace.giveUp });
      const store = new BodyStore(dir, share, space);
      try {
        const options = { ...rules, signal: AbortSignal.any([signal, pace.signal]), came: pace.came };
        for await (const piece of limitedBody(req, options)) await store.append(piece);
        return await store.finish();
      } catch (error) {
        await store.dispose();
        throw error;
      }
    },
  };
}
