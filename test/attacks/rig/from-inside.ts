import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createRepo,
  getSession,
  logOf,
  settled,
  startSession,
  until,
  type WireSession,
} from '../../scenarios/session.ts';
import { eventually } from '../../support/eventually.ts';
import type { Area, Attack } from '../attack.ts';
import type { Arena } from './arena.ts';

/*
 * Attacks whose weapon is the command of a session. The script says `HOLE: …` where something got through that must not,
 * and ends with a line of its own, so that one that never came to its attack does not pass for one that was repelled.
 */

const WEAPON = readFile(join(import.meta.dirname, 'weapon.py'), 'utf8');
/** Longer than any attacker's session may take. */
const ENDED_TIMEOUT_MS = 90_000;
const OVER = 'ATTACK OVER';
const PRELUDE = `
HOME_OF_ATTACK=$PWD
hole() { echo "HOLE: $*"; }
# weapon: runs the Python program on its standard input, which must come to its end.
# denied WHAT COMMAND…: the command must fail.
weapon() { PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$HOME_OF_ATTACK" python3 - || hole "the weapon ended with $?"; }
denied() { what=$1; shift; if "$@" > /tmp/said 2>&1; then hole "$what: $(head -c 300 /tmp/said)"; else echo "denied: $what"; fi; }
`;

/** How the attacker's session came out. */
export interface Outcome {
  session: WireSession;
  /** Standard output and error as the API gives them. */
  log: string;
  events: { type: string; detail: Record<string, unknown> }[];
  /** From its first look at the running session to its end. */
  lastedMs: number;
}

export interface FromInside {
  name: string;
  area: Area;
  must: string;
  /** POSIX shell, run in the clone of the attacker's repo. */
  script: string | ((arena: Arena) => string | Promise<string>);
  /** Files of the attacker's repo, by path. */
  files?: Record<string, string>;
  /** More fields of the repo that the session asks for. */
  repo?: object;
  /** More fields of POST /v1/sessions. */
  request?: object | ((arena: Arena) => object);
  alone?: boolean;
  /** How the session must end; `succeeded` if not given. null: it does not matter, and the script need not reach its end. */
  ends?: string | null;
  /** Its log is cut at the log's limit, so that its last line is not in it. */
  isCapped?: boolean;
  /** Looks at what came of it besides; sentences of what is wrong. */
  holds?: (outcome: Outcome, arena: Arena, repoId: string) => string[] | Promise<string[]>;
}

/** An attack by a script in a session of its own. */
export function fromInside({ name, area, must, alone = false, ends = 'succeeded', ...attack }: FromInside): Attack {
  return {
    name,
    area,
    must,
    alone,
    async run(arena, underWay) {
      const { outcome, repoId } = await attackFromInside(arena, attack, underWay);
      const { session, log } = outcome;
      const holes = log.split('\n').filter((line) => line.startsWith('HOLE: '));
      const wrong = [...holes];
      if (ends !== null && session.status !== ends) {
        wrong.push(
          `the session is ${session.status} (exit ${session.exitCode}, ${session.failure?.message ?? 'no failure'}); its log ends ${tail(log)}`,
        );
      } else if (ends === 'succeeded' && attack.isCapped !== true && !log.includes(OVER)) {
        wrong.push(`the attack did not come to its end; its log ends ${tail(log)}`);
      }
      return [...wrong, ...((await attack.holds?.(outcome, arena, repoId)) ?? [])];
    },
  };
}

type Weapon = Pick<FromInside, 'script' | 'files' | 'repo' | 'request'>;

/** Runs the script to the settled end of its session. */
export async function attackFromInside(
  arena: Arena,
  { script, files, repo, request }: Weapon,
  underWay: () => void,
): Promise<{ outcome: Outcome; repoId: string }> {
  const { stack } = arena;
  const repoId = await createRepo(stack, { 'README.md': '# Hello\n', 'weapon.py': await WEAPON, ...files });
  const text = typeof script === 'string' ? script : await script(arena);
  const body = {
    repos: [{ id: repoId, ...repo }],
    command: ['sh', '-c', `${PRELUDE}\n${text}\necho "${OVER}"`],
    timeoutSeconds: 60,
    resources: { memoryMb: 512, cpus: 1 },
    ...(typeof request === 'function' ? request(arena) : request),
  };
  const id = await arena.starts.run(async () => {
    const accepted = await startSession(stack, body);
    await until(stack, accepted.id, ({ status }) => !['queued', 'starting'].includes(status));
    return accepted.id;
  });
  const began = performance.now();
  underWay();
  const ended = await eventually(
    () => getSession(stack, id),
    ({ endedAt }) => endedAt !== null,
    { timeoutMs: ENDED_TIMEOUT_MS },
  );
  const lastedMs = performance.now() - began;
  await settled(stack, id);
  const events = (await (await stack.call('GET', `/v1/sessions/${id}/events`)).json()) as { data: Outcome['events'] };
  const session = { ...ended, ...(await getSession(stack, id)) };
  return { outcome: { session, log: await logOf(stack, id), events: events.data, lastedMs }, repoId };
}

function tail(log: string): string {
  return JSON.stringify(log.slice(-500));
}

/** As `rev` prints it: a form that no mask knows. */
export function backwards(text: string): string {
  return text.split('').toReversed().join('');
}
