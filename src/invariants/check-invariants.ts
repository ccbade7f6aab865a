import type Docker from 'dockerode';
import type { SessionsQueue } from '../queue/sessions-queue.ts';
import type { Redis } from '../store/redis.ts';
import type { Secret } from '../token/secret.ts';
import { checkDeadlines } from './check-deadlines.ts';
import { checkJobs } from './check-jobs.ts';
import { checkRemains } from './check-remains.ts';
import { checkSessions } from './check-sessions.ts';
import { checkSpool } from './check-spool.ts';
import { checkTokens } from './check-tokens.ts';
import { checkLogs, checkSecrets, checkStarts } from './check-witness.ts';
import type { Witness } from './facts.ts';
import { readContainers } from './read/containers.ts';
import { readFiles } from './read/files.ts';
import { readHostRemains } from './read/host-remains.ts';
import { readJobs } from './read/jobs.ts';
import { readLedger } from './read/ledger.ts';
import { readProviderTokens } from './read/provider-tokens.ts';
import { readSpoolFiles } from './read/spool-files.ts';
import type { Violation } from './violation.ts';

export interface InvariantDeps {
  redis: Redis;
  queue: SessionsQueue;
  docker: Docker;
  installation: string;
  /** Directories in which things are made per sandbox. */
  sandboxDirectories: string[];
  spoolDir: string;
  /** Of the minter whose spool that is. */
  minterName: string;
  provider: { baseUrl: string; apiKey: Secret };
  /** How long a session's end may take once its grace is over; if not given, as long as an orderly one takes at most. */
  endsWithinMs?: number;
  /** null: only what can be known from here is checked. */
  witness: Witness | null;
}

/**
 * Everything that is against a law, as sentences; empty when all holds. Only reads. Throws when a source of facts does
 * not answer. While sessions begin and end a sentence may be about something on its way: what two looks both say is so.
 */
export async function checkInvariants(deps: InvariantDeps): Promise<Violation[]> {
  const { docker, installation, provider, witness } = deps;
  // What stands is looked at before the records, so that what is made meanwhile is no stray; a token likewise.
  const remains = [
    ...(await readContainers(docker, installation)),
    ...(await readHostRemains(deps.sandboxDirectories)),
  ];
  const live = await readProviderTokens(provider.baseUrl, provider.apiKey);
  const files = await readSpoolFiles(deps.spoolDir);
  const jobs = await readJobs(deps.queue);
  const ledger = await readLedger(deps.redis);
  return [
    ...(live === null ? [] : checkTokens(ledger, live)),
    ...checkSessions(ledger),
    ...checkDeadlines(ledger, Date.now(), deps.endsWithinMs),
    ...checkRemains(ledger, remains),
    ...checkJobs(ledger, jobs),
    ...checkSpool(ledger, files, deps.minterName),
    ...(witness === null ? [] : await checkWitness(ledger, witness)),
  ];
}

async function checkWitness(
  ledger: Awaited<ReturnType<typeof readLedger>>,
  { starts, logs, values, directories, texts }: Witness,
): Promise<Violation[]> {
  const files = (await Promise.all(directories.map(readFiles))).flat();
  const said = texts.map(({ place, text }) => ({ place, bytes: Buffer.from(text) }));
  return [...checkStarts(ledger, starts), ...checkLogs(ledger, logs), ...checkSecrets(values, [...files, ...said])];
}
