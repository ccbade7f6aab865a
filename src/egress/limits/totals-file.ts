import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Logger } from '../../ops/log.ts';
import { readFileUpTo } from '../../ops/read-file.ts';
import type { GatewayLimits } from './limits.ts';
import { Traffic, type Totals } from './traffic.ts';

/** What a gateway that is killed may forget of a sandbox's totals. */
const WRITE_EVERY_MS = 2_000;
/** Two numbers. */
const MAX_BYTES = 4_096;

const totals = z.strictObject({ sent: z.number(), received: z.number() });

/** Counts what a sandbox moves, on from what is written in its directory, where a later process finds it. */
export async function keepTotals(
  dir: string,
  limits: GatewayLimits,
  log: Logger,
): Promise<{ traffic: Traffic; close(): Promise<void> }> {
  const file = join(dir, 'totals.json');
  const traffic = new Traffic(limits, await readTotals(file), performance.now());
  let written = JSON.stringify(traffic.totals);
  let turn = Promise.resolve();

  const write = async (): Promise<void> => {
    const text = JSON.stringify(traffic.totals);
    if (text === written) return;
    await writeFile(`${file}.tmp`, text, { mode: 0o600 });
    await rename(`${file}.tmp`, file);
    written = text;
  };
  const writeOrWarn = (): Promise<void> =>
    write().catch((error: unknown) => log.warn({ err: error }, 'what a session has moved could not be written down'));
  const timer = setInterval(() => {
    turn = turn.then(writeOrWarn);
  }, WRITE_EVERY_MS);
  return {
    traffic,
    async close() {
      clearInterval(timer);
      await turn;
      // Where the sandbox is gone, so is its directory.
      await write().catch(() => undefined);
    },
  };
}

/** What a machine has torn that went down counts from the beginning: the sandbox that moved it is gone as well. */
async function readTotals(file: string): Promise<Totals> {
  const text = await readFileUpTo(file, MAX_BYTES).catch(() => '');
  try {
    return totals.parse(JSON.parse(text));
  } catch {
    return { sent: 0, received: 0 };
  }
}
