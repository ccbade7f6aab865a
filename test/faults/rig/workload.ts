import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { inBatches } from '../../../src/token/minter/in-batches.ts';
import { ACCOUNT_KEY, type Stack } from '../../support/stack.ts';
import { eventually } from '../../support/eventually.ts';
import { createRepo, type WireSession } from '../../scenarios/session.ts';

const STARTS = 'refs/starts';
const ACCEPT_TIMEOUT_MS = 40_000;
const RETRY_MS = 300;
const WAIT_TIMEOUT_MS = 40_000;
/** The API answers so many logs side by side, and no more than some hundred. */
const ASKED_AT_ONCE = 32;

export interface SessionShape {
  lines: number;
  /** Between two lines. */
  pauseMs: number;
  /** `env` when left out. */
  delivery?: 'env' | 'gateway';
  secrets?: Record<string, string>;
  /** Who is told of its steps; nobody when left out. */
  webhook?: { url: string; secret: string };
}

/** Sessions that count their own starts where no sandbox can take it back, and say how much of their log is there. */
export interface Workload {
  readonly repoId: string;
  /** Starts one; keeps asking with the same Idempotency-Key until the API has answered. */
  start(shape?: Partial<SessionShape>): Promise<string>;
  startMany(count: number, shape?: Partial<SessionShape>): Promise<string[]>;
  /** Ids of all that were accepted. */
  ids(): string[];
  /** null: the API does not know it any more. Throws when it cannot say. */
  session(id: string): Promise<WireSession | null>;
  /** What of all that were accepted has not ended yet, as sentences. */
  notEnded(): Promise<string[]>;
  until(id: string, holds: (session: WireSession) => boolean): Promise<WireSession>;
  /** How often each session's command was started. Throws when the repo host does not answer. */
  starts(): Promise<Map<string, number>>;
  /** What each was to print, and what its log has. */
  logs(): Promise<Map<string, { expected: string[]; found: string[] }>>;
}

const USUAL: SessionShape = { lines: 20, pauseMs: 100 };

export async function createWorkload(stack: Stack): Promise<Workload> {
  const repoId = await createRepo(stack);
  const shapes = new Map<string, SessionShape>();

  const start = async (wanted: Partial<SessionShape> = {}): Promise<string> => {
    const shape = { ...USUAL, ...wanted };
    const body = {
      repos: [{ id: repoId }],
      command: ['sh', '-c', commandText(shape)],
      credentials: { delivery: shape.delivery ?? 'env' },
      ...(shape.secrets && { secrets: shape.secrets }),
      ...(shape.webhook && { webhook: shape.webhook }),
      timeoutSeconds: 120,
      resources: { memoryMb: 64, cpus: 1 },
    };
    const headers = { 'Idempotency-Key': randomUUID() };
    const giveUpAt = Date.now() + ACCEPT_TIMEOUT_MS;
    for (;;) {
      const response = await stack.call('POST', '/v1/sessions', body, headers).catch(() => null);
      if (response?.status === 201) {
        const { id } = (await response.json()) as WireSession;
        shapes.set(id, shape);
        return id;
      }
      const said = response === null ? 'no answer' : `${response.status} ${await response.text()}`;
      // 503 is what an API without its Redis is to say; anything else that is answered is wrong.
      if (response !== null && response.status !== 503) throw new Error(`a session was refused: ${said}`);
      if (Date.now() > giveUpAt) throw new Error(`no session was accepted within ${ACCEPT_TIMEOUT_MS} ms: ${said}`);
      await sleep(RETRY_MS);
    }
  };
  const session = async (id: string): Promise<WireSession | null> => {
    const response = await stack.call('GET', `/v1/sessions/${id}`);
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`the API answered ${response.status} to GET of session ${id}`);
    return (await response.json()) as WireSession;
  };
  return {
    repoId,
    start,
    startMany: (count, shape) => Promise.all(Array.from({ length: count }, () => start(shape))),
    ids: () => [...shapes.keys()],
    session,
    async notEnded() {
      const found: string[] = [];
      await inBatches([...shapes.keys()], ASKED_AT_ONCE, async (id) => {
        const now = await session(id);
        if (now === null || now.endedAt === null)
          found.push(`Session ${id} has not ended: it is ${now?.status ?? 'forgotten'}`);
      });
      return found;
    },
    until: (id, holds) => {
      // The API may be the one that is away.
      const ask = async (): Promise<WireSession | null> => session(id).catch(() => null);
      const found = eventually(ask, (now) => now !== null && holds(now), { timeoutMs: WAIT_TIMEOUT_MS });
      return found as Promise<WireSession>;
    },
    async starts() {
      const counts = new Map([...shapes.keys()].map((id) => [id, 0]));
      for (const sessionId of await startRefs(stack, repoId)) counts.set(sessionId, (counts.get(sessionId) ?? 0) + 1);
      return counts;
    },
    async logs() {
      const logs = new Map<string, { expected: string[]; found: string[] }>();
      await inBatches([...shapes], ASKED_AT_ONCE, async ([id, shape]) => {
        const response = await stack.call('GET', `/v1/sessions/${id}/logs?stream=stdout`);
        const log = await response.text();
        // A session that was forgotten has none. Anything else that is no log says nothing about what is in it.
        if (!response.ok && response.status !== 404) throw new Error(`the log of ${id} could not be read: ${log}`);
        const found = response.ok ? log.split('\n').filter((row) => row !== '') : [];
        logs.set(id, { expected: expectedLines(shape), found });
      });
      return logs;
    },
  };
}

function expectedLines(shape: SessionShape): string[] {
  return Array.from({ length: shape.lines }, (_, i) => `line ${i + 1} of ${shape.lines}`);
}

/**
 * Its first act is a push of a ref that no other start would choose; a repo host that is away for a moment is asked again,
 * for the same ref.
 */
function commandText({ lines, pauseMs }: SessionShape): string {
  return [
    `ref="${STARTS}/$DAYPASS_SESSION_ID/$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')"`,
    `tries=0`,
    `until git push --quiet origin "HEAD:$ref"; do`,
    `  tries=$((tries + 1)); [ "$tries" -lt 40 ] || exit 97; sleep 0.5`,
    `done`,
    `i=1`,
    `while [ "$i" -le ${lines} ]; do`,
    `  echo "line $i of ${lines}"; i=$((i + 1)); sleep ${pauseMs / 1000}`,
    `done`,
  ].join('\n');
}

/** The session's id of each ref, once per start. */
async function startRefs(stack: Stack, repoId: string): Promise<string[]> {
  const url = `${stack.gitHostUrl.replace('http://', `http://token:${ACCOUNT_KEY}@`)}/repo/${repoId}.git`;
  const git = spawn('git', ['ls-remote', '--quiet', url, `${STARTS}/*`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [listed, [code]] = await Promise.all([text(git.stdout), once(git, 'exit') as Promise<[number | null]>]);
  if (code !== 0) throw new Error(`git ls-remote ended with ${code}`);
  return listed
    .split('\n')
    .filter((row) => row !== '')
    .map((row) => row.split('\t')[1]?.slice(`${STARTS}/`.length).split('/')[0] ?? '');
}
