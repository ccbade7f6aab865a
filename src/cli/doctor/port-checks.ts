import { boundedFetch } from '../../ops/bounded-fetch.ts';
import { z } from 'zod';
import type { ListenAddress } from '../../config.ts';
import { describe } from '../../errors.ts';
import { claimPort } from '../up/installation/ports.ts';
import { urlOf } from '../up/installation/settings.ts';
import { NotSeen, type Check } from './check.ts';

const TIMEOUT_MS = 5_000;
/** What each answers to anybody. */
const SIGNS = {
  API: { path: '/healthz', status: 200, body: z.strictObject({ status: z.literal('ok') }) },
  'git host': { path: '/v1/repo', status: 401, body: z.strictObject({ error: z.string() }) },
} as const;

/** A place where one of ours listens. */
export interface Port {
  role: keyof typeof SIGNS;
  setting: string;
  listen: ListenAddress;
}

/** Each port is free, or has the one of ours that it is for. */
export function portChecks(ports: readonly Port[]): Check[] {
  return ports.map((port) => ({
    name: `port of the ${port.role}`,
    look: () => lookAt(port),
    mend: `End what listens there, or set ${port.setting} to another address.`,
  }));
}

async function lookAt({ role, setting, listen }: Port): Promise<string> {
  if (listen.port === 0) throw new NotSeen('it is chosen at the start');
  const address = `${listen.host}:${listen.port}`;
  if (await isOurs(role, urlOf(listen))) return `${address} is ours`;
  try {
    await claimPort(setting, listen);
    return `${address} is free`;
  } catch (error) {
    throw new Error(describe(error).replace(/ Set .*$/, ''), { cause: error });
  }
}

const fetchAnswer = boundedFetch({ who: 'What listens there', maxBytes: 64 * 1024 });

/** Asked without a key, since a stranger may listen there: the API says that it is up, the git host refuses in its own form. */
async function isOurs(role: Port['role'], url: string): Promise<boolean> {
  try {
    const { path, status, body } = SIGNS[role];
    const response = await fetchAnswer(url + path, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.status === status && body.safeParse(await response.json()).success;
  } catch {
    return false;
  }
}
