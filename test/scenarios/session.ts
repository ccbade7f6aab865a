import { eventually } from '../support/eventually.ts';
import type { Stack } from '../support/stack.ts';

/** Whatever serves the API. */
type Served = Pick<Stack, 'call'>;

/** A session on the wire, as far as stories look at it. */
export interface WireSession {
  id: string;
  status: string;
  exitCode: number | null;
  endedAt: string | null;
  deadlineAt: string | null;
  failure: { code: string; message: string; step: string } | null;
  repos: { id: string; path: string; ref: string | null; head: string | null }[];
  token: { id: string; state: string; fingerprint: string | null; repoIds: string[]; verifiedAt: string | null } | null;
  container: { id: string; image: string; removedAt: string | null } | null;
  timings: Record<string, number>;
}

const FINAL = ['succeeded', 'failed', 'stopped', 'timed_out'];

/** Starts a session and gives its first answer; throws when it is refused. */
export async function startSession(stack: Served, body: unknown): Promise<WireSession> {
  const response = await stack.call('POST', '/v1/sessions', body);
  if (response.status !== 201) throw new Error(`refused: ${response.status} ${await response.text()}`);
  return (await response.json()) as WireSession;
}

export async function getSession(stack: Served, id: string): Promise<WireSession> {
  return (await (await stack.call('GET', `/v1/sessions/${id}`)).json()) as WireSession;
}

export async function until(
  stack: Served,
  id: string,
  holds: (session: WireSession) => boolean,
  { timeoutMs = 40_000 }: { timeoutMs?: number } = {},
): Promise<WireSession> {
  return eventually(() => getSession(stack, id), holds, { timeoutMs });
}

/** The session when it has ended, its token is final and its container gone. */
export async function settled(stack: Served, id: string, limits: { timeoutMs?: number } = {}): Promise<WireSession> {
  const isSettled = ({ status, token, container }: WireSession): boolean => {
    const tokenGone = token === null || ['revoked', 'refused', 'expired', 'unknown'].includes(token.state);
    return FINAL.includes(status) && tokenGone && (container === null || container.removedAt !== null);
  };
  return until(stack, id, isSettled, limits).catch(async (error: unknown) => {
    const events = await (await stack.call('GET', `/v1/sessions/${id}/events?limit=200`)).text();
    throw new Error(`${id} is not settled; the last of its events: ${events.slice(-1_500)}`, { cause: error });
  });
}

export async function logOf(stack: Served, id: string): Promise<string> {
  return (await stack.call('GET', `/v1/sessions/${id}/logs?follow=true`)).text();
}

/** A repo at the stack's git host with these files on `main`. */
export async function createRepo(
  stack: Pick<Stack, 'relace'>,
  files: Record<string, string> = { 'README.md': '# Hello\n' },
): Promise<string> {
  const list = Object.entries(files).map(([filename, content]) => ({ filename, content }));
  const { repo_id } = await stack.relace().repo.create({ source: { type: 'files', files: list } });
  return repo_id;
}
