import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nothingLeft, startStack, type Role, type Stack } from '../../support/stack.ts';
import { supervise, SUPERVISED, type Supervision } from '../../faults/rig/supervision.ts';
import { startReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts';
import { createRepo, getSession, settled, startSession, until } from '../../scenarios/session.ts';
import { readHostRemains } from '../../../src/invariants/read/host-remains.ts';
import { startCanary, type Canary } from './canary.ts';
import { buildHostileImage, type HostileImage } from './hostile-image.ts';
import { startInternet, type Internet } from './internet.ts';
import { settleNeighbour, type Neighbour } from './neighbour.ts';
import { oneAtATime, type OneAtATime } from './one-at-a-time.ts';

/** What a victim has in its environment, and nobody else may ever read. */
export const VICTIM_SECRET = 'sk-obviously-fake-secret-of-the-victim';
/** What a session may send to hosts of its allow list. */
export const MAX_SENT_MB = 32;
/** From here on a role's line is an error: pino's number. */
const PINO_ERROR = 50;

/** Somebody else's session, which goes on all the time. */
export interface Victim {
  readonly id: string;
  readonly repoId: string;
  readonly sandboxId: string;
}

/** A whole installation with somebody who works in it, and what an attacker would like to reach. */
export interface Arena extends AsyncDisposable {
  readonly stack: Stack;
  readonly canary: Canary;
  readonly internet: Internet;
  readonly image: HostileImage;
  /** A receiver of webhooks that the operator has allowed. */
  readonly receiver: WebhookReceiver;
  readonly victim: Victim;
  readonly neighbour: Neighbour;
  /** Held while a session starts, so that a neighbour's figure tells of the attacks and not of other starts. */
  readonly starts: OneAtATime;
  /** Values that must be in no log, answer or file. */
  readonly tokens: Set<string>;
  /** What is wrong with the service right now, as sentences. */
  health(): Promise<string[]>;
  /** All that a role has printed so far. */
  printedBy(role: Role): string;
  /** The lines of all roles so far that are errors, or no log lines at all: a stack trace of something unhandled. */
  errorLines(): string[];
  /** Where one of the tokens and secrets of this run lies in the clear, as sentences: logs of roles, Redis' files, session logs. */
  leaks(): Promise<string[]>;
  /** Ends the victim; then what is left of all sessions, as sentences. */
  remains(): Promise<string[]>;
}

export async function startArena(): Promise<Arena> {
  await using made = new AsyncDisposableStack();
  const canary = made.use(await startCanary());
  const internet = made.use(await startInternet());
  const image = made.use(await buildHostileImage());
  const receiver = made.use(await startReceiver());
  const settings = {
    ...internet.settings,
    DAYPASS_LOG_LIMIT_MB: '8',
    DAYPASS_IMAGES: `daypass/sandbox,${image.name}`,
    DAYPASS_GATEWAY_MAX_SENT_MB: `${MAX_SENT_MB}`,
    DAYPASS_WEBHOOK_PORTS: `443,${canary.port}`,
    DAYPASS_WEBHOOK_PRIVATE_HOSTS: receiver.host,
    DAYPASS_WEBHOOK_CA_FILE: receiver.certificateFile,
  };
  const programs = {
    gateway: 'test/attacks/rig/gateway-on-internet.ts',
    worker: 'test/attacks/rig/worker-on-internet.ts',
  } as const;
  const stack = made.use(await startStack(settings, { programs }));
  const supervision = made.use(supervise(stack, {}));
  const starts = oneAtATime();
  const neighbour = await settleNeighbour(stack, starts);
  const victim = await startVictim(stack);
  const tokens = new Set([VICTIM_SECRET]);
  const kept = made.move();
  return {
    stack,
    canary,
    internet,
    image,
    receiver,
    victim,
    neighbour,
    starts,
    tokens,
    health: () => health(stack, supervision, victim),
    printedBy: (role) => supervision.printed(role),
    errorLines: () => SUPERVISED.flatMap((role) => errorsIn(role, supervision.printed(role))),
    leaks: () => leaks(stack, supervision, tokens),
    async remains() {
      await stack.call('POST', `/v1/sessions/${victim.id}/stop`, { graceSeconds: 0 });
      await settled(stack, victim.id);
      const left = await nothingLeft(stack);
      const places = [stack.memoryDir, `${stack.dir}/run`, `${stack.dir}/data`];
      const remains = await readHostRemains(places);
      return [...left, ...remains.map(({ kind, place }) => `${kind} ${place}`)];
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function startVictim(stack: Stack): Promise<Victim> {
  const repoId = await createRepo(stack, { 'diary.txt': 'Nobody may read this.\n' });
  const { id } = await startSession(stack, {
    repos: [{ id: repoId }],
    secrets: { VICTIM_SECRET },
    command: ['sh', '-c', 'while :; do sleep 1; done'],
    metadata: { who: 'victim' },
  });
  const { container } = await until(stack, id, ({ status }) => status === 'running');
  return { id, repoId, sandboxId: container?.id ?? '' };
}

async function health(stack: Stack, supervision: Supervision, victim: Victim): Promise<string[]> {
  const found = SUPERVISED.filter((role) => supervision.restarts(role) > 0).map(
    (role) => `${role} died and was restarted`,
  );
  const ready = await fetch(`${stack.apiUrl}/readyz`).catch(() => null);
  if (ready?.status !== 200) found.push(`readyz answers ${ready?.status ?? 'nothing'}`);
  const { status } = await getSession(stack, victim.id);
  if (status !== 'running') found.push(`the victim's session is ${status}`);
  return found;
}

async function leaks(stack: Stack, supervision: Supervision, tokens: Set<string>): Promise<string[]> {
  const printed = SUPERVISED.map((role) => [`what ${role} printed`, supervision.printed(role)] as const);
  // Not the repos of the git host: an attacker may push its own token to its own repo.
  const places = [stack.redis.dir, join(stack.dir, 'data', 'spool'), join(stack.dir, 'run')];
  const files = (await Promise.all(places.map(textsBelow))).flat();
  return [...printed, ...files].flatMap(([place, text]) =>
    [...tokens].filter((token) => text.includes(token)).map((token) => `${place} holds ${token.slice(0, 8)}…`),
  );
}

async function textsBelow(dir: string): Promise<(readonly [string, string])[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (file) => [file, await readFile(file, 'latin1').catch(() => '')] as const));
}

function errorsIn(role: string, printed: string): string[] {
  return printed
    .split('\n')
    .filter((line) => line !== '' && levelOf(line) >= PINO_ERROR)
    .map((line) => `${role}: ${line}`);
}

/** What is no line of the log counts as an error: Node prints so before it ends over something unhandled. */
function levelOf(line: string): number {
  try {
    const { level } = JSON.parse(line) as { level?: unknown };
    return typeof level === 'number' ? level : Infinity;
  } catch {
    return Infinity;
  }
}
